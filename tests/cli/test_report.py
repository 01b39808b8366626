"""`report` and `metrics` as a user calls them, against a real store."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Shell, day_ago

from audit_trail.reporting.compliance.figures import DEFINITIONS

VOID = {"meta", "br", "link", "img", "hr", "input", "line", "rect"}


class Page(HTMLParser):
    """Elements, ids, links and texts of a page whose tags must be balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        self.links += [str(values[name]) for name in ("href", "src", "action") if name in values]
        assert not any(name.startswith("on") for name in values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def figures(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["name"]: figure for figure in document["figures"]}


def test_every_figure_with_value_method_and_source(
    founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = founded.run(capsys, "report", "--json")
    found = figures(done.document)
    assert list(found) == list(DEFINITIONS)
    assert (found["days-covered"]["value"], found["signed-records"]["value"]) == ("2 of 2", "100 %")
    assert found["signed-records"]["data"]["collected"] == 60
    assert re.fullmatch(r"100 % of \d+", found["verification-success"]["value"])
    assert found["content-verified"]["data"]["read"] == found["content-verified"]["data"]["segments"]
    for figure in found.values():
        assert figure["how"] and figure["sources"] and figure["explanation"], figure["name"]
        assert (figure["value"] == "") is (figure["standing"] == "not measured"), figure["name"]
    status = founded.run(capsys, "status", "--json").document
    assert done.document["head"] == status["head"]
    assert done.document["genesis_sha256"] == status["genesis_sha256"]


def test_what_this_store_does_not_tell_is_not_measured_and_the_status_says_so(
    founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = founded.run(capsys, "report", "--format", "json")
    open_ones = {name for name, item in figures(done.document).items() if item["standing"] == "not measured"}
    assert open_ones == {"encryption", "write-access", "configure-access"}
    assert (done.status, done.document["exit_code"]) == (2, 2)


def test_a_finding_weighs_more(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    done = founded.run(capsys, "report", "--json", AUDIT_TRAIL_COMPLIANCE__STORAGE_CLASSES='["DEEP_ARCHIVE"]')
    assert done.status == 1
    assert "below logs/ are in STANDARD" in figures(done.document)["storage-class"]["findings"][0]


def test_text_for_people(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    done = founded.run(capsys, "report", "--from", day_ago(2).isoformat(), "--to", day_ago(2).isoformat())
    assert done.status == 2
    assert "1 of 1" in done.out
    for definition in DEFINITIONS.values():
        assert definition.title in done.out
        assert definition.how in done.out
    assert "Something could not be measured." in done.out


def test_the_page_stands_alone(founded: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = founded.run(capsys, "report", "--format", "html", "--output", str(path))
    assert (done.status, done.out) == (2, "")
    assert done.err == f"Something could not be measured. The report is {path}\n"
    text = path.read_text("utf-8")
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "form"} & page.names
    assert "default-src 'none'" in text
    assert all(link.startswith("#") for link in page.links)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert sorted(page.ids) == sorted(DEFINITIONS)
    assert text.count("<svg") == 2
    assert f'aria-label="{day_ago(1)}: sealed"' in text
    assert re.findall(r"https?://[^\s<\"']+", text) == []


def test_the_three_forms_go_into_files_that_are_never_overwritten(
    founded: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for form in ("text", "json", "html"):
        path = tmp_path / f"report.{form}"
        assert founded.run(capsys, "report", "--format", form, "--output", str(path)).status == 2
        before = path.read_bytes()
        again = founded.run(capsys, "report", "--format", form, "--output", str(path))
        assert again.status == 3
        assert "there already" in again.err
        assert path.read_bytes() == before
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == 2
    nowhere = founded.run(capsys, "report", "--output", str(tmp_path / "no" / "folder"))
    assert nowhere.status == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "tomorrow"),
        ("--to", "2999-01-01"),
        ("--from", "2026-02-02", "--to", "2026-02-01"),
        ("--format", "pdf"),
        ("--json", "--format", "html"),
    ],
)
def test_wrong_usage(founded: Shell, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert founded.run(capsys, "report", *arguments).status == 3


# Metrics


@pytest.fixture
def metered(shell: Shell, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A day to be sealed, and a file for its metrics."""
    shell.variables["AUDIT_TRAIL_METRICS__SINK"] = "file"
    for command in (("generate-keys",), ("init",), ("generate-samples", "--count", "20")):
        assert shell.run(capsys, *command, "--json").status == 0
    return shell


def lines(shell: Shell) -> list[dict[str, Any]]:
    path = shell.home / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def names(call: dict[str, Any]) -> dict[str, float]:
    return {item["MetricName"]: item["Value"] for item in call["MetricData"]}


def test_a_run_puts_its_metrics_and_a_run_again_only_its_verification(
    metered: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert metered.run(capsys, "process", "--json").status == 0
    (first,) = lines(metered)
    assert names(first)["DaysSealed"] == 1
    assert names(first)["RecordsSealed"] == 20
    assert names(first)["VerificationSuccesses"] == 1
    assert metered.run(capsys, "process", "--json").status == 0
    assert names(lines(metered)[1]).keys() == {
        "VerificationSuccesses", "VerificationFailures", "UnlockedObjects",
    }  # fmt: skip
    shown = metered.run(capsys, "metrics", "--json").document
    assert shown["put"] is None
    assert len(shown["points"]) == 5 + 3 + 3
    pushed = metered.run(capsys, "metrics", "--push", "--json")
    assert (pushed.status, pushed.document["put"]) == (0, 0)
    (metered.home / "metrics.jsonl").unlink()
    assert "11 of 11 points put to file" in metered.run(capsys, "metrics", "--push").out
    assert metered.run(capsys, "metrics", "--push", "--json").document["put"] == 0


def test_a_verification_that_fails_is_told_too(
    metered: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit_trail.archive.s3_store import make_client
    from audit_trail.settings import load_settings

    assert metered.run(capsys, "process", "--json").status == 0
    for name, value in metered.variables.items():
        monkeypatch.setenv(name, value)
    archive = load_settings().archive
    client = make_client(archive)
    listed = client.list_objects_v2(Bucket=archive.bucket, Prefix="logs/")["Contents"]
    client.delete_object(Bucket=archive.bucket, Key=listed[0]["Key"])  # lays a marker over it
    assert metered.run(capsys, "process", "--json").status == 1
    assert names(lines(metered)[-1]) == {
        "VerificationSuccesses": 0, "VerificationFailures": 1, "UnlockedObjects": 0,
    }  # fmt: skip
    report = figures(metered.run(capsys, "report", "--json").document)
    assert report["verification-success"]["value"] == "50.00 % of 2"
    assert "listing.delete-marker" in report["storage"]["findings"][0]


def test_cloudwatch_that_cannot_be_reached_stops_no_day(
    metered: Shell, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    unreachable = {
        "AUDIT_TRAIL_METRICS__SINK": "cloudwatch",
        "AWS_ENDPOINT_URL_CLOUDWATCH": "http://127.0.0.1:9",
    }
    assert metered.run(capsys, "process", "--json", **unreachable).status == 0
    assert "were not put" in caplog.text
    failed = metered.run(capsys, "metrics", "--push", "--json", **unreachable)
    assert failed.status == 2
    # Later, when it can be reached, nothing is lost.
    assert metered.run(capsys, "metrics", "--push", "--json").document["put"] == 8


def test_there_must_be_somewhere_to_push_to(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert founded.run(capsys, "metrics", "--json").status == 0
    refused = founded.run(capsys, "metrics", "--push", "--json")
    assert refused.status == 3
    assert refused.document["where"] == "metrics.sink"
