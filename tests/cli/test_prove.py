"""Proofs of single records, from a real store to a machine that has nothing else."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import PLUGINS, Ended, Shell, day_ago

from audit_trail.evidence import canonical

TODAY, YESTERDAY, BEFORE = (day_ago(days).isoformat() for days in (0, 1, 2))


def events_of(shell: Shell, day: str) -> list[dict[str, Any]]:
    """What AuditLogger wrote on a day."""
    files = sorted((shell.home / "journal").glob(f"*/{day}/*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


def genesis_of(shell: Shell, capsys: pytest.CaptureFixture[str]) -> str:
    return str(shell.run(capsys, "status", "--json").document["genesis_sha256"])


@pytest.fixture
def prove(shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Prove into a file and check it; how both ended, as one."""

    def run(which: Shell, *arguments: str) -> Ended:
        proof = tmp_path / "proof.json"
        proof.unlink(missing_ok=True)
        made = which.run(capsys, "prove", *arguments, "--output", str(proof), "--json")
        if made.status:
            assert not proof.exists()
            return made
        genesis = genesis_of(which, capsys)
        checked = which.run(capsys, "verify-proof", str(proof), "--genesis", genesis, "--json")
        assert checked.document == {
            name: value for name, value in made.document.items() if name not in ("output", "bytes")
        }
        return checked

    return run


class TestByEventId:
    def test_every_event_of_a_day(self, founded: Shell, prove: Callable[..., Ended]) -> None:
        for event in events_of(founded, BEFORE)[::7]:
            done = prove(founded, "--event-id", event["event_id"])
            assert done.status == 0
            assert json.loads(done.document["record_text"])["event_id"] == event["event_id"]
            assert base64.b64decode(done.document["record"]).decode() == done.document["record_text"]
            assert (done.document["day"], done.document["revision"]) == (BEFORE, 1)

    def test_one_that_is_not_sealed(self, founded: Shell, capsys: pytest.CaptureFixture[str]) -> None:
        wanted = "00000000-0000-4000-8000-000000000000"
        done = founded.run(capsys, "prove", "--event-id", wanted, "--json")
        assert done.status == 1
        assert done.document == {
            "proven": False,
            "absent": f"event {wanted}",
            "searched": f"2 sealed days, {BEFORE} to {YESTERDAY}",
        }
        told = founded.run(capsys, "prove", "--event-id", wanted)
        assert told.status == 1
        assert "Not sealed" in told.out

    def test_one_of_another_day_than_the_named_one(
        self, founded: Shell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        event = events_of(founded, BEFORE)[0]["event_id"]
        done = founded.run(capsys, "prove", "--event-id", event, "--date", YESTERDAY, "--json")
        assert (done.status, done.document["searched"]) == (1, YESTERDAY)


class TestByLine:
    def test_a_line_of_a_journal_file(self, founded: Shell, prove: Callable[..., Ended]) -> None:
        path = sorted((founded.home / "journal").glob(f"*/{YESTERDAY}/*.jsonl"))[0]
        lines = path.read_bytes().splitlines()
        for name in (str(path), f"file://{path}"):
            done = prove(founded, "--file", name, "--line", str(len(lines)))
            assert json.loads(done.document["record_text"])["event_id"] == json.loads(lines[-1])["event_id"]
            assert done.document["input"]["uri"] == f"file://{path}"
            assert done.document["input"]["record"] == len(lines)

    def test_a_line_that_came_with_a_supplement(
        self, shell: Shell, prove: Callable[..., Ended], capsys: pytest.CaptureFixture[str]
    ) -> None:
        logs = shell.home / "logs"
        logs.mkdir(parents=True)
        shell.variables["AUDIT_TRAIL_SOURCES"] = json.dumps(
            [{"name": "app", "kind": "application", "url": f"file://{logs}/{{date}}.log"}]
        )
        file = logs / f"{YESTERDAY}.log"
        file.write_bytes(b"one\ntwo\n")
        for command in (("generate-keys",), ("init",), ("process",)):
            assert shell.run(capsys, *command, "--json").status == 0
        with file.open("ab") as late:
            late.write(b"three\nfour\n")
        assert shell.run(capsys, "process", "--json").document["sealed"]["revision"] == 2
        expected = {1: ("one", 1), 2: ("two", 1), 3: ("three", 2), 4: ("four", 2)}
        for line, (text, revision) in expected.items():
            done = prove(shell, "--file", str(file), "--line", str(line))
            assert (done.document["record_text"], done.document["revision"]) == (text, revision)
        beyond = prove(shell, "--file", str(file), "--line", "5")
        assert (beyond.status, beyond.document["absent"]) == (1, "line 5")


class TestByPlace:
    def test_a_record_of_a_segment(self, founded: Shell, prove: Callable[..., Ended]) -> None:
        event = events_of(founded, BEFORE)[3]["event_id"]
        first = prove(founded, "--event-id", event).document
        place = first["segment"]
        again = prove(founded, "--segment", place["key"], "--record", str(place["record"]))
        assert again.document == first
        beyond = prove(founded, "--segment", place["key"], "--record", str(place["records"] + 1))
        assert beyond.status == 1


def test_days_before_and_after_keys_changed(
    shell: Shell, prove: Callable[..., Ended], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ("generate-keys",),
        ("init",),
        ("generate-samples", "--count", "6", "--days", "2"),
        ("process", "--date", BEFORE),
        ("rotate-keys",),
        ("process", "--date", YESTERDAY),
    ):
        assert shell.run(capsys, *command, "--json").status == 0
    before, after = (events_of(shell, day)[0]["event_id"] for day in (BEFORE, YESTERDAY))
    old, new = (prove(shell, "--event-id", event).document for event in (before, after))
    assert not {key["keyid"] for key in old["keys"]} & {key["keyid"] for key in new["keys"]}
    assert "key changes are known up to entry" in new["not_proven"][0]
    revoked = new["keys"][0]["keyid"]
    done = shell.run(
        capsys, "revoke-key", "--key", revoked, "--reason", "stolen", "--from-entry", "1", "--json"
    )
    assert done.status == 0
    assert prove(shell, "--event-id", before).status == 0, "the old keys signed it"
    refused = prove(shell, "--event-id", after)
    assert (refused.status, refused.document["family"]) == (1, "IntegrityError")
    assert "stolen" in refused.document["found"]


@pytest.fixture
def proof(founded: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A proof of an event of yesterday."""
    path = tmp_path / "one.json"
    event = events_of(founded, YESTERDAY)[0]["event_id"]
    assert founded.run(capsys, "prove", "--event-id", event, "--output", str(path)).status == 0
    return path


def test_the_document_goes_to_standard_output_and_nothing_else(founded: Shell, proof: Path) -> None:
    event = events_of(founded, YESTERDAY)[0]["event_id"]
    done = founded.spawn("prove", "--event-id", event)
    assert (done.status, done.err) == (0, "")
    assert done.out.encode() == proof.read_bytes()


def test_a_person_is_told_what_is_proven_and_what_is_not(
    founded: Shell, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = founded.run(capsys, "verify-proof", str(proof), "--genesis", genesis_of(founded, capsys))
    assert told.status == 0
    for word in ("is proven", events_of(founded, YESTERDAY)[0]["event_id"], YESTERDAY, "ledger entry",
                 "rsassa-pss-sha256", "ml-dsa-65/1", "NOT proven", "revoked", "others see"):  # fmt: skip
        assert word in told.out
    assert founded.run(capsys, "verify-proof", str(proof)).out == told.out, "the genesis of the settings"


def test_nothing_else_is_needed_to_check_it(
    founded: Shell, proof: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No network, no settings (these are broken), no AWS library, no Airflow, no home."""
    genesis = genesis_of(founded, capsys)
    code = (
        "import sys, socket\n"
        "def refuse(*_, **__): raise AssertionError('the network was used')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "for name in ('boto3', 'botocore', 'airflow', 'fsspec', 'numba'): sys.modules[name] = None\n"
        "from audit_trail.cli.command_line import main\n"
        f"sys.exit(main(['verify-proof', {str(proof)!r}, '--genesis', {genesis!r}, '--json']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PYTHONPATH": str(PLUGINS),
            "PATH": os.defpath,
            "AUDIT_TRAIL_NO_SUCH_SETTING": "x",
            "HOME": "/nonexistent",
        },
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["proven"] is True


def test_a_tampered_proof_is_status_1(
    founded: Shell, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = canonical.decode(proof.read_bytes(), where="x")
    genesis = genesis_of(founded, capsys)
    for data in (
        canonical.encode(document | {"record": base64.b64encode(b"another").decode()}),
        canonical.encode(document | {"leaf_index": document["leaf_index"] + 1}),
        canonical.encode(document | {"\x1b[31mred": 1}),
        proof.read_bytes() + b"\n",
        b"",
    ):
        proof.write_bytes(data)
        done = founded.run(capsys, "verify-proof", str(proof), "--genesis", genesis, "--json")
        assert (done.status, done.document["family"]) == (1, "IntegrityError")
        told = founded.run(capsys, "verify-proof", str(proof), "--genesis", genesis)
        assert (told.status, told.out) == (1, "")
        assert "\x1b" not in told.err


def test_another_archives_proof_is_status_1(
    founded: Shell, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = founded.run(capsys, "verify-proof", str(proof), "--genesis", "0" * 64, "--json")
    assert (done.status, done.document["expected"]) == (1, "0" * 64)


def test_what_cannot_be_read_or_written_is_status_2(
    founded: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "absent", tmp_path):
        done = founded.run(capsys, "verify-proof", str(path), "--genesis", "0" * 64, "--json")
        assert (done.status, done.document["where"]) == (2, str(path))
    event = events_of(founded, YESTERDAY)[0]["event_id"]
    done = founded.run(capsys, "prove", "--event-id", event, "--output", str(tmp_path), "--json")
    assert (done.status, done.document["where"]) == (2, str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("prove",), "--event-id"),
        (("prove", "--event-id", "x", "--file", "y"), "--file"),
        (("prove", "--event-id", ""), "--event-id"),
        (("prove", "--event-id", "x", "--line", "1"), "--line"),
        (("prove", "--file", "x"), "--line"),
        (("prove", "--file", "x", "--line", "0"), "--line"),
        (("prove", "--file", "x", "--record", "1"), "--line"),
        (("prove", "--segment", "x"), "--record"),
        (("prove", "--segment", "x", "--record", "-1"), "--record"),
        (("prove", "--event-id", "x", "--date", "1.1.2026"), "YYYY-MM-DD"),
        (("verify-proof",), "FILE"),
        (("verify-proof", "x", "--genesis", "abc"), "64 hex digits"),
    ],
)
def test_wrong_usage_is_status_3(
    arguments: tuple[str, ...], named: str, founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    done = founded.run(capsys, *arguments)
    assert (done.status, done.out) == (3, "")
    assert named in done.err


def test_without_settings_the_genesis_must_be_given(
    shell: Shell, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell.run(capsys, "verify-proof", str(proof), "--json")
    assert done.status == 3
    assert "identity is not known" in done.document["error"]
