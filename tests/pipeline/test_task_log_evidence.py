"""What the stages write into the log of a run: anybody can repeat it, and a change shows."""

from __future__ import annotations

import logging
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive
from tests.pipeline.hand_commands_in_bash import Ran, run_commands

from audit_trail.errors import IntegrityError
from audit_trail.pipeline.evidence_log import LOGGER, Evidence, parse
from audit_trail.reporting.export import ExportOrder, export_pack

DOCUMENT = Path(__file__).parents[2] / "docs" / "TASK_LOGS.md"
ONLY_THE_STORE = ("head-object", "get-object-retention")
SECRET = b"password=hunter2-and-more"


def evidence(caplog: pytest.LogCaptureFixture) -> list[Evidence]:
    """What the fixture's run wrote."""
    events = [record.getMessage() for record in caplog.get_records("setup") if record.name == LOGGER]
    return [found for found in map(parse, events) if found is not None]


def documented_aws() -> str:
    """The function for whoever has a pack and not the bucket, as the document prints it."""
    found = re.search(r"^aws\(\) \{\n.*?^\}\n", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def by_hand(archive: Archive, commands: list[str], pack: Path, folder: Path) -> list[Ran]:
    return run_commands(commands, folder, prelude=f"PACK={pack}\n{documented_aws()}")


def failed(ran: list[Ran]) -> list[Ran]:
    """What did not pass of that which a pack can tell."""
    return [item for item in ran if item.status and not any(word in item.command for word in ONLY_THE_STORE)]


@pytest.fixture
def sealed(archive: Archive, caplog: pytest.LogCaptureFixture) -> Archive:
    archive.log(f"{DAY}.log", b"one\ntwo " + SECRET + b"\nthree")
    archive.log(f"{DAY} it's $(odd).log", b"four\n")
    with caplog.at_level(logging.INFO, LOGGER):
        archive.processor().process_daily_logs(DAY)
    return archive


@pytest.fixture
def pack(sealed: Archive, tmp_path: Path) -> Path:
    context = sealed.context()
    day = date.fromisoformat(DAY)
    order = ExportOrder(first=day, last=day, output=tmp_path / "pack.zip")
    export_pack(
        context.store,
        order,
        genesis=context.genesis,
        remembered=None,
        now=NOW,
        due_hours=24,
    )
    zipfile.ZipFile(tmp_path / "pack.zip").extractall(tmp_path / "pack")
    return tmp_path / "pack"


def test_every_stage_says_what_it_did_and_ends_with_a_summary(
    sealed: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    found = evidence(caplog)
    facts = {item.text for item in found if item.kind == "fact"}
    assert facts >= {"read", "policy", "replaced", "wrote", "hashed", "manifest", "signed", "stored"}
    assert facts >= {"sealed", "locked", "sampled", "verified"}
    view = sealed.context().ledger()
    (seal,) = [item for item in found if item.text == "sealed"]
    assert seal.fields["sha256"] == view.heads[1]
    assert seal.fields["sequence"] == "1"
    assert seal.fields["records"] == "4"
    summaries = [item.text.split()[0] for item in found if item.kind == "summary"]
    assert sorted(set(summaries)) == sorted(
        ["COLLECTED", "REDACTED", "HASHED", "SIGNED", "STORED", "SEALED", "VERIFIED"]
    )
    assert summaries[-2:] == ["SEALED", "VERIFIED"]
    assert {item.outcome for item in found if item.kind == "check"} == {"PASS"}
    assert all("expected" in item.fields and "found" in item.fields for item in found if item.kind == "check")


def test_no_log_content_and_no_secret_is_in_it(sealed: Archive, caplog: pytest.LogCaptureFixture) -> None:
    text = "\n".join(record.getMessage() for record in caplog.get_records("setup"))
    passphrase = (sealed.settings.keys / "passphrase").read_text().strip()
    assert "FACT stored" in text
    for secret in ("hunter2", passphrase, "three"):
        assert secret not in text


def test_the_commands_run_as_they_stand_and_notice_a_change(
    sealed: Archive, pack: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    commands = [item.text for item in evidence(caplog) if item.kind == "command"]
    ran = by_hand(sealed, commands, pack, tmp_path / "honest")
    tools = {
        tool
        for tool in ("sha256sum -c", "openssl dgst", "zstd -dcq", "jq -e", "head-object")
        if any(tool in c for c in commands)
    }
    assert len(tools) == 5
    assert failed(ran) == []

    (segment,) = (pack / "archive" / "logs").rglob("*.zst")
    manifest = next((pack / "archive" / "manifests").rglob("*.json"))
    entry = pack / "archive" / "ledger" / "000000000001.dsse.json"
    for path, tool in ((segment, "sha256sum -c"), (manifest, "openssl dgst"), (entry, "openssl dgst")):
        honest = path.read_bytes()
        # One letter of what is signed, or one byte within the frame.
        at = honest.find(b'"payload":"') + 200 if path is not segment else len(honest) // 2
        path.write_bytes(honest[:at] + (b"A" if honest[at : at + 1] != b"A" else b"B") + honest[at + 1 :])
        ran = by_hand(sealed, commands, pack, tmp_path / f"changed-{path.name}")
        assert any(tool in item.command and path.name in item.command for item in failed(ran))
        path.write_bytes(honest)
    (sealed.logs / f"{DAY}.log").write_bytes(b"ONE\n")
    ran = by_hand(sealed, commands, pack, tmp_path / "changed-source")
    assert [item.command.split()[0] for item in failed(ran)] == ["tail"]


def test_findings_come_first_and_are_not_folded(sealed: Archive, caplog: pytest.LogCaptureFixture) -> None:
    from audit_trail.pipeline.handoffs import Sealed
    from audit_trail.pipeline.verify_sample import verify_sample

    view = sealed.context().ledger()
    seal = view.seals_of(DAY)[0]
    claimed = Sealed(
        day=DAY,
        revision=1,
        new=True,
        sequence=1,
        entry_sha256="0" * 64,
        manifest_key=seal.manifest.key,
        manifest_sha256=seal.manifest.sha256,
        segments=1,
        records=4,
    )
    caplog.clear()
    with caplog.at_level(logging.INFO, LOGGER), pytest.raises(IntegrityError, match="1 checks failed"):
        verify_sample(sealed.context(), DAY, claimed)
    first = next(record for record in caplog.records if record.name == LOGGER)
    assert first.levelname == "ERROR"
    found = parse(first.getMessage())
    assert found is not None
    assert (found.outcome, found.text) == ("FAIL", "ledger.entry")
    assert found.fields["expected"] == "0" * 64
    assert found.fields["found"] == view.heads[1]
