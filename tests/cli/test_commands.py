"""Every command as a user calls it, against a real store."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, Shell, day_ago
from tests.signing.timestamp_authority import TimestampAuthority

from audit_trail.archive import s3_store
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.store_ports import settle_ports

COLOUR = "\x1b["
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
SEALED = ("status", "verify", "process", "init")


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> str:
    """Nobody listens there; one attempt is enough to find out."""
    monkeypatch.setattr(s3_store, "MAX_ATTEMPTS", 1)
    return "http://127.0.0.1:1"


def secrets_of(shell: Shell) -> list[str]:
    text = Path(shell.variables["AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE"]).read_text()
    return [PASSPHRASE, *re.findall(r"^aws_secret_access_key = (\S+)$", text, re.MULTILINE)]


def journal_files(shell: Shell, days: int) -> list[Path]:
    return sorted((shell.home / "journal").glob(f"*/{day_ago(days)}/*.jsonl"))


def test_a_first_day_from_keys_to_status(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    keys = shell.run(capsys, "generate-keys", "--json")
    assert keys.status == 0
    assert [key["scheme"] for key in keys.document["keys"]] != []
    founded = shell.run(capsys, "init", "--json")
    assert founded.status == 0
    assert (founded.document["made_bucket"], founded.document["made_genesis"]) == (True, True)
    identity = founded.document["genesis_sha256"]
    samples = shell.run(capsys, "generate-samples", "--count", "20", "--json")
    assert samples.status == 0
    assert sum(samples.document["days"][day_ago(1).isoformat()].values()) == 20
    sealed = shell.run(capsys, "process", "--json")
    assert sealed.status == 0
    assert sealed.document["sealed"]["day"] == day_ago(1).isoformat()
    assert sealed.document["signed"]["records"] == 20
    verified = shell.run(capsys, "verify", "--level", "content", "--json")
    assert verified.status == 0
    assert verified.document["genesis"] == identity
    assert verified.document["findings"] == []
    status = shell.run(capsys, "status", "--json")
    assert status.status == 0
    assert status.document["genesis_sha256"] == identity
    assert (status.document["days_sealed"], status.document["records"]) == (1, 20)
    assert {key["keyid"] for key in status.document["keys"]} == {
        key["keyid"] for key in keys.document["keys"]
    }


def test_init_again_checks_and_changes_nothing(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    before = founded.run(capsys, "status", "--json").document["head"]
    again = founded.run(capsys, "init", "--json")
    assert again.status == 0
    assert (again.document["made_bucket"], again.document["made_genesis"]) == (False, False)
    assert founded.run(capsys, "status", "--json").document["head"] == before


def test_keys_are_never_overwritten(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in (founded.home / "keys").iterdir()}
    again = founded.run(capsys, "generate-keys", "--json")
    assert again.status == 3
    assert again.document["family"] == "ConfigurationError"
    assert "there are signing keys already" in again.document["error"]
    assert {path.name: path.read_bytes() for path in (founded.home / "keys").iterdir()} == before


def test_a_passphrase_is_made_when_asked_for(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    del shell.variables["AUDIT_TRAIL_SIGNING__PASSPHRASE"]
    refused = shell.run(capsys, "generate-keys", "--json")
    assert refused.status == 3
    assert "--make-passphrase" in refused.document["remedy"]
    made = shell.run(capsys, "generate-keys", "--make-passphrase", "--json")
    assert made.status == 0
    path = Path(made.document["passphrase_file"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() not in made.out


def test_a_day_is_sealed_once(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    yesterday = day_ago(1).isoformat()
    first = founded.run(capsys, "process", "--date", yesterday, "--json")
    second = founded.run(capsys, "process", "--date", yesterday, "--json")
    assert (first.status, second.status) == (0, 0)
    assert second.document["sealed"]["new"] is False
    assert second.document["sealed"]["revision"] == 1
    assert first.document["sealed"]["entry_sha256"] == second.document["sealed"]["entry_sha256"]
    assert "was sealed already" in founded.run(capsys, "process", "--date", yesterday).out


def test_samples_of_three_days_end_with_the_day_that_is_named(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run(
        capsys, "generate-samples", "--days", "3", "--count", "9", "--date", "2026-03-01", "--json"
    )
    assert done.status == 0
    assert {day: sum(kinds.values()) for day, kinds in done.document["days"].items()} == {
        "2026-02-27": 9,
        "2026-02-28": 9,
        "2026-03-01": 9,
    }
    lines = [path.read_bytes().count(b"\n") for path in (shell.home / "journal").rglob("*.jsonl")]
    assert sum(lines) == 27


def test_verification_of_one_day_at_each_level(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    day = day_ago(2).isoformat()
    counts = {}
    for level in ("ledger", "objects", "content"):
        done = founded.run(capsys, "verify", "--date", day, "--level", level, "--json")
        assert done.status == 0
        assert done.document["level"] == level
        assert [(item["day"], item["verdict"]) for item in done.document["days"]] == [(day, "sealed")]
        counts[level] = sum(sum(outcomes.values()) for outcomes in done.document["checks"].values())
    assert counts["ledger"] < counts["objects"] < counts["content"]


def test_a_sealed_file_is_found_with_day_key_and_entry(
    founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    path = journal_files(founded, 1)[0]
    done = founded.run(capsys, "verify", "--log-file", str(path), "--json")
    assert done.status == 0
    assert done.document["sealed"] is True
    # Nothing was redacted, so that the archived records are the same bytes.
    matches = {match["what"]: match for match in done.document["matches"]}
    assert set(matches) == {"source", "records"}
    match = matches["source"]
    assert (match["day"], match["name"]) == (day_ago(1).isoformat(), f"file://{path}")
    assert len(match["keyids"]) == 2
    said = founded.run(capsys, "verify", "--log-file", str(path))
    assert said.status == 0
    assert match["entry_sha256"] in said.out
    elsewhere = founded.run(
        capsys, "verify", "--log-file", str(path), "--date", day_ago(2).isoformat(), "--json"
    )
    assert elsewhere.status == 1


def test_a_file_that_no_seal_holds_is_status_1(
    founded: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "other.log"
    path.write_bytes(b"never sealed\n")
    done = founded.run(capsys, "verify", "--log-file", str(path), "--json")
    assert done.status == 1
    assert done.document["matches"] == []
    assert "No seal holds these bytes." in founded.run(capsys, "verify", "--log-file", str(path)).out


def test_a_missing_day_is_status_1_and_named(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ("generate-keys",),
        ("init",),
        ("process", "--date", day_ago(4).isoformat()),
        ("process", "--date", day_ago(2).isoformat()),
    ):
        assert shell.run(capsys, *arguments, "--json").status == 0
    gap = day_ago(3).isoformat()
    status = shell.run(capsys, "status", "--json")
    assert status.status == 1
    # Yesterday is due only a day after its end.
    assert status.document["missing"] == [gap]
    assert f"audit-trail process --date {gap}" in shell.run(capsys, "status").out
    verified = shell.run(capsys, "verify", "--json")
    assert verified.status == 1
    assert [item["verdict"] for item in verified.document["days"]] == [
        "sealed-empty",
        "missing",
        "sealed-empty",
    ]
    assert shell.run(capsys, "verify", "--date", gap, "--json").status == 1


def test_an_archive_without_a_day_is_not_all_good(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run(capsys, "generate-keys", "--json").status == 0
    assert shell.run(capsys, "init", "--json").status == 0
    assert shell.run(capsys, "verify", "--json").status == 2


def test_a_changed_source_is_status_1_and_not_sealed_again(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("generate-keys",), ("init",), ("generate-samples", "--count", "9"), ("process",)):
        assert shell.run(capsys, *arguments, "--json").status == 0
    path = journal_files(shell, 1)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = shell.run(capsys, "process", "--json")
    assert done.status == 1
    assert done.document["family"] == "IntegrityError"
    assert str(path) in done.document["where"]
    assert shell.run(capsys, "status", "--json").document["days_sealed"] == 1
    assert shell.run(capsys, "verify", "--log-file", str(path), "--json").status == 1


@pytest.mark.parametrize("command", SEALED)
def test_a_store_that_cannot_be_reached_is_status_2(
    command: str, founded: Shell, capsys: pytest.CaptureFixture[str], closed_port: str
) -> None:
    done = founded.run(capsys, command, "--json", AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL=closed_port)
    assert done.status == 2
    text = json.dumps(done.document)
    assert "could not be reached" in text or "EndpointConnectionError" in text
    assert "archive.endpoint_url" in text
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [("init",), ("process",), ("status",), ("verify", "--level", "content"), ("verify", "--date", "DAY")],
)
def test_piped_output_has_no_colour_and_whole_digests(
    arguments: tuple[str, ...], founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    called = [day_ago(1).isoformat() if word == "DAY" else word for word in arguments]
    done = founded.run(capsys, *called, COLUMNS="40")
    assert done.status == 0
    assert COLOUR not in done.out + done.err
    assert done.err == ""
    shown = founded.run(capsys, "status", "--json").document
    wanted = {"init": shown["genesis_sha256"], "status": shown["genesis_sha256"]}
    wanted["verify"] = shown["head"]["sha256"]
    lines = [DIGEST.findall(line) for line in done.out.splitlines()]
    found = {digest for digests in lines for digest in digests}
    assert found
    assert wanted.get(called[0], next(iter(found))) in found


def test_no_secret_is_said_by_any_command(
    founded: Shell, capsys: pytest.CaptureFixture[str], closed_port: str
) -> None:
    said = ""
    for command in (*SEALED, "generate-keys"):
        for variables, options in (
            ({}, ()),
            ({"AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": closed_port}, ("--json",)),
            ({"AUDIT_TRAIL_SIGNING__RSA_BITS": "1024"}, ()),
        ):
            done = founded.run(capsys, command, *options, **variables)
            said += done.out + done.err
    assert "rsa_bits" in said
    assert len(secrets_of(founded)) == 2
    for secret in secrets_of(founded):
        assert secret not in said


def test_what_is_weaker_than_the_default_is_said(founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert founded.run(capsys, "status", "--json").document["weaker_than_default"] == []
    weaker = {
        "AUDIT_TRAIL_ARCHIVE__LOCK_MODE": "GOVERNANCE",
        "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": "30",
        "AUDIT_TRAIL_SIGNING__POST_QUANTUM": "false",
        "AUDIT_TRAIL_COLLECT_JOURNAL": "false",
    }
    sentences = founded.run(capsys, "status", "--json", **weaker).document["weaker_than_default"]
    for field in ("archive.lock_mode", "archive.retain_days", "signing.post_quantum", "collect_journal"):
        assert len([sentence for sentence in sentences if field in sentence]) == 1
    assert founded.run(capsys, "status", **weaker).out.count("Weaker than the default") == 4


def test_names_that_look_like_markup_are_shown_as_they_are(
    tmp_path: Path, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "[red]a:key:b[" / "home]"
    done = shell.run(capsys, "generate-keys", AUDIT_TRAIL_HOME=str(home))
    assert done.status == 0
    assert f"Keys in {home}/keys" in done.out
    said = shell.run(capsys, "generate-samples", "--count", "3", AUDIT_TRAIL_HOME=str(home))
    assert said.status == 0
    assert f"Sample logs in {home}/journal" in said.out


def test_a_path_that_is_no_text_is_said_all_the_same(
    founded: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "caf\udce9.log"
    path.write_bytes(b"never sealed\n")
    said = founded.spawn("verify", "--log-file", str(path), PYTHONIOENCODING="ascii")
    assert said.status == 1, said.err
    assert "\\udce9.log" in said.out
    done = founded.run(capsys, "verify", "--log-file", str(path), "--json")
    assert done.document["path"] == str(path)


def test_the_embedded_store_that_the_settings_name_runs_meanwhile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own store"
    folder.mkdir()
    port = settle_ports(folder / "ports.json")["s3"]
    variables = {
        "AUDIT_TRAIL_HOME": str(tmp_path / "home"),
        "AUDIT_TRAIL_EMBEDDED_STORE_DIR": str(folder),
        "AUDIT_TRAIL_ARCHIVE__BUCKET": "own",
        "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(EmbeddedStore(folder).credentials_file),
        "AUDIT_TRAIL_SIGNING__PASSPHRASE": PASSPHRASE,
    }
    shell = Shell(tmp_path / "home", variables)
    assert shell.run(capsys, "generate-keys", "--json").status == 0
    assert not EmbeddedStore(folder).is_in_use()
    done = shell.run(capsys, "init", "--json")
    assert done.status == 0
    assert done.document["made_genesis"] is True
    assert not EmbeddedStore(folder).is_in_use()


def test_every_json_document_has_the_fields_that_scripts_use(
    founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted: dict[str, set[str]] = {
        "init": {"archive", "bucket", "genesis_sha256", "made_bucket", "made_genesis", "points"},
        "process": {"collected", "signed", "sealed", "verified"},
        "verify": {"level", "exit_code", "genesis", "head", "days", "checks", "findings"},
        "status": {"archive", "head", "keys", "days_sealed", "missing", "last_verification"},
    }
    for command, fields in wanted.items():
        value: dict[str, Any] = founded.run(capsys, command, "--json").document
        assert fields <= set(value), command


def test_verify_shows_what_tokens_say_and_what_is_missing_to_believe_them(
    shell: Shell, authority: TimestampAuthority, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"AUDIT_TRAIL_TIMESTAMPS__CERTIFICATE_FILE": str(authority.certificate_file)}
    asked = named | {"AUDIT_TRAIL_TIMESTAMPS__URL": authority.url}
    for command in (("generate-keys",), ("init",), ("generate-samples", "--count", "20"), ("process",)):
        assert shell.run(capsys, *command, **asked).status == 0
    good = shell.run(capsys, "verify", **named)
    assert good.status == 0
    assert re.search(r"time\.order\W+PASS\W+3 PASS", good.out)
    assert re.search(r"time\.token\W+PASS\W+3 PASS", good.out)
    without = shell.run(capsys, "verify", "--level", "ledger")
    assert without.status == 2
    assert "UNVERIFIABLE time.token at 3 tokens" in without.out
    assert "set timestamps.certificate_file" in " ".join(without.out.split())
    alone = shell.run(capsys, "verify", AUDIT_TRAIL_TIMESTAMPS__URL=authority.url)
    assert alone.status == 3
    assert "url needs certificate_file" in alone.err
