"""Wrong values and wrong usage: status 3, and the word to correct is named."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Shell

COLOUR = "\x1b["


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        (("process", "--date", "2026-13-01"), {}, "2026-13-01"),
        (("process", "--date", "20260101"), {}, "YYYY-MM-DD"),
        (("process", "--date", "yesterday"), {}, "YYYY-MM-DD"),
        (("process", "--date", "2999-01-01"), {}, "has not ended"),
        (("verify", "--date", "2026-1-1"), {}, "YYYY-MM-DD"),
        (("generate-samples", "--date", "1.1.2026"), {}, "YYYY-MM-DD"),
        (("generate-samples", "--days", "99999999999"), {}, "--days"),
        (("verify", "--log-file", "/nonexistent/x.log"), {}, "/nonexistent/x.log"),
        (("status",), {"AUDIT_TRAIL_ARCHIVE__BUKET": "x"}, "AUDIT_TRAIL_ARCHIVE__BUKET"),
        (("status",), {"AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": "0"}, "archive.retain_days"),
        (("status",), {"AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": "no-url"}, "archive.endpoint_url"),
        (("init",), {"AUDIT_TRAIL_ARCHIVE__BUCKET": ""}, "AUDIT_TRAIL_ARCHIVE__BUCKET"),
        (("up", "--port", "70000"), {}, "65535"),
        (("up",), {"AIRFLOW__API__PORT": "many"}, "AIRFLOW__API__PORT"),
    ],
)
def test_wrong_values_are_status_3_and_named(
    arguments: tuple[str, ...],
    variables: dict[str, str],
    named: str,
    founded: Shell,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = founded.run(capsys, *arguments, "--json", **variables)
    assert done.status == 3
    assert done.document["exit_code"] == 3
    assert named in json.dumps(done.document)
    said = founded.run(capsys, *arguments, **variables)
    assert said.status == 3
    assert said.out == ""
    assert said.err.startswith("audit-trail: ")
    assert named in said.err
    assert COLOUR not in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-command",),
        ("process", "--no-such-option"),
        ("verify", "--level", "deep"),
        ("generate-samples", "--count", "0"),
        ("generate-samples", "--count", "-1"),
        ("generate-samples", "--days", "many"),
        ("generate-samples", "--count", "9" * 5000),
        ("status", "surplus"),
    ],
)
def test_wrong_usage_is_status_3_with_the_usage_on_standard_error(
    arguments: tuple[str, ...], shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run(capsys, *arguments)
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("usage: audit-trail")
    assert not shell.home.exists()


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("verify", "--help")])
def test_help_and_version_are_status_0(
    arguments: tuple[str, ...], shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run(capsys, *arguments)
    assert (done.status, done.err) == (0, "")
    assert "audit-trail" in done.out
    assert "exit status: 0 all good" in " ".join(done.out.split()) or arguments == ("--version",)
