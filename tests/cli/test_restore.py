"""`audit-trail restore`, and `verify` before and after."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.conftest import Ended, Shell
from tests.cold_archive import ColdArchive, Front, finish_restores_after, front_of

DAYS = [(datetime.now(UTC) - timedelta(days=ago)).date().isoformat() for ago in (4, 3, 2)]


@pytest.fixture(scope="module")
def front(aws_server: str) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def made(front: Front, tmp_path_factory: pytest.TempPathFactory) -> ColdArchive:
    archive = ColdArchive(tmp_path_factory.mktemp("cold") / "home", front.url)
    for day in DAYS:
        archive.seal(day, b"one\ntwo\n")
    return archive


@pytest.fixture
def cold(made: ColdArchive, front: Front, aws_server: str) -> Shell:
    front.forget()
    finish_restores_after(aws_server, 1)
    return Shell(made.settings.home, {"AUDIT_TRAIL_CONFIG": str(made.config)})


Run = pytest.CaptureFixture[str]


def test_the_estimate_comes_first_and_without_consent_nothing_is_asked_for(
    cold: Shell, capsys: Run, front: Front
) -> None:
    front.expired.add("logs/")
    ended = cold.run(capsys, "restore", "--from", DAYS[0])
    assert ended.status == 3
    assert "DEEP_ARCHIVE" in ended.out
    assert "48 hours" in ended.out
    assert "1 requests; copies kept for 7 days." in ended.out
    assert "--yes" in ended.err
    dry = cold.run(capsys, "restore", "--from", DAYS[0], "--to", DAYS[2], "--dry-run", "--json")
    assert dry.status == 0
    estimate = dry.document["estimate"]
    assert (estimate["objects"], estimate["requests"], estimate["cost"]) == (3, 3, None)
    assert front.restores == []


def test_restored_days_verify_and_before_they_say_what_to_do(
    cold: Shell, capsys: Run, front: Front, made: ColdArchive, aws_server: str
) -> None:
    day = DAYS[0]

    def verify() -> Ended:
        return cold.run(capsys, "verify", "--level", "content", "--date", day)

    before = verify()
    assert before.status == 2
    assert f"audit-trail restore --from {day} --to {day}" in before.out
    asked = cold.run(capsys, "restore", "--from", day, "--tier", "Standard", "--days", "3", "--yes")
    assert asked.status == 0, asked.err
    assert "1 asked" in asked.out
    assert "Come back by" in asked.out
    assert f"audit-trail verify --level content --date {day}" in asked.out
    assert front.tiers == ["Standard"]
    (seal,) = made.context.ledger().seals_of(day)
    assert front.restores[0]["versionId"] == [seal.objects[0].version_id]
    again = cold.run(capsys, "restore", "--from", day, "--yes", "--json").document
    assert (again["estimate"]["requests"], again["restoring"], again["answers"]) == (0, 1, {})
    assert verify().status == 0
    after = cold.run(capsys, "restore", "--from", day, "--yes", "--json").document
    assert after["readable"] == 2
    assert after["restored_until"] > datetime.now(UTC).isoformat()
    assert len(front.restores) == 1
    front.expired.add("logs/")
    gone = verify()
    assert gone.status == 2
    assert "restore it again" in gone.out


def test_a_sample_is_restored_and_the_same_sample_verified(
    cold: Shell, capsys: Run, front: Front, made: ColdArchive
) -> None:
    asked = cold.run(capsys, "restore", "--sample", "2", "--yes", "--json")
    assert asked.status == 0
    entry = str(made.context.ledger().head.sequence)
    assert asked.document["then"] == f"audit-trail verify --level content --sample 2 --seed-entry {entry}"
    words = asked.document["then"].split()[1:]
    drawn = {query["versionId"][0] for query in front.restores}
    front.expired.add("logs/")
    assert cold.run(capsys, *words).status == 2
    front.expired.clear()
    ended = cold.run(capsys, *words, "--json")
    assert ended.status == 0, ended.out
    assert ended.document["sample"]["size"] == 2
    assert "2 of 3 segments were read" in ended.document["statement"]
    assert ended.document["checks"]["content.stored"] == {"PASS": 2}
    held = {item.version_id for seal in made.context.ledger().seals for item in seal.objects}
    assert drawn <= held


def test_money_is_said_when_prices_are_set(cold: Shell, capsys: Run, front: Front) -> None:
    front.expired.add("logs/")
    prices = '[{"storage_class":"DEEP_ARCHIVE","tier":"Bulk","per_gib":"1","per_1000_requests":"500"}]'
    dry = cold.run(
        capsys, "restore", "--from", DAYS[2], "--dry-run",
        AUDIT_TRAIL_RESTORE__PRICES=prices,
        AUDIT_TRAIL_RESTORE__COPY_PRICE_PER_GIB_MONTH="0",
        AUDIT_TRAIL_RESTORE__CURRENCY="EUR",
    )  # fmt: skip
    assert "cost about 0.5000 EUR." in dry.out
    half = cold.run(capsys, "restore", "--from", DAYS[2], "--dry-run", AUDIT_TRAIL_RESTORE__PRICES=prices)
    assert "cost not known" in half.out


def test_denied_names_the_permission_and_is_status_2(cold: Shell, capsys: Run, front: Front) -> None:
    front.expired.add("logs/")
    front.refusal = (403, "AccessDenied")
    ended = cold.run(capsys, "restore", "--from", DAYS[2], "--yes")
    assert ended.status == 2
    assert "s3:RestoreObject" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to restore"),
        (("--from", DAYS[0], "--sample", "2"), "say what to restore"),
        (("--to", DAYS[0], "--sample", "2"), "say what to restore"),
        (("--from", DAYS[2], "--to", DAYS[0]), "the last day is before the first"),
        (("--from", "2020-01-01"), "none of these days is sealed"),
        (("--from", "yesterday"), "not a day"),
        (("--from", DAYS[0], "--seed-entry", "1"), "only a sample is drawn by an entry"),
        (("--sample", "1", "--seed-entry", "9999"), "the ledger has no such entry"),
        (("--from", DAYS[0], "--days", "366"), "kept too long"),
        (("--from", DAYS[2], "--tier", "Expedited"), "no restore by the tier Expedited"),
    ],
    ids=[
        "nothing",
        "both",
        "end and sample",
        "backwards",
        "unsealed",
        "no day",
        "seed",
        "no entry",
        "long",
        "tier",
    ],
)
def test_wrong_usage_is_status_3(
    cold: Shell, capsys: Run, front: Front, words: tuple[str, ...], said: str
) -> None:
    front.expired.add("logs/")
    ended = cold.run(capsys, "restore", *words, "--yes")
    assert ended.status == 3
    assert said in ended.err


@pytest.mark.parametrize(
    "words",
    [("--sample", "2"), ("--sample", "2", "--level", "content", "--date", DAYS[0]), ("--seed-entry", "1")],
    ids=["not the content", "one day", "no sample"],
)
def test_a_sample_of_verify_is_of_the_content_of_the_whole_history(
    cold: Shell, capsys: Run, words: tuple[str, ...]
) -> None:
    assert cold.run(capsys, "verify", *words).status == 3


@pytest.mark.parametrize(("answer", "requests"), [("n", 0), ("y", 1)])
def test_on_a_terminal_it_asks(cold: Shell, front: Front, answer: str, requests: int) -> None:
    front.expired.add("logs/")
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "audit_trail", "restore", "--from", DAYS[1]],
        env=cold.environment(TERM="dumb"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while b"[y/N]" not in said:
            assert select.select([ours], [], [], 60)[0], said
            said += os.read(ours, 4096)
        os.write(ours, f"{answer}\n".encode())
        while chunk := read_or_end(ours):
            said += chunk
        assert running.wait(60) == 0
    finally:
        running.kill()
        os.close(ours)
    assert said.index(b"48 hours") < said.index(b"[y/N]")
    assert (b"Nothing was asked for." in said) is (answer == "n")
    assert len(front.restores) == requests


def read_or_end(terminal: int) -> bytes:
    """What the other side has written; nothing when it has gone (Linux says EIO then)."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
