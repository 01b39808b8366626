"""Commands in task logs: whatever is in a name, it stays one word."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from audit_trail.evidence.ledger_entry import SealedObject
from audit_trail.pipeline.hand_commands import ArchiveCommands, check_range, file_name, shell_word
from audit_trail.settings import ArchiveSettings

NASTY = [
    "plain",
    "it's $(touch hacked) `touch hacked`; touch hacked & | > hacked",
    'two\nlines\ttab \\ " ! * ? [a] {b} ~ #',
    "é\u202e\x1b[31m",
    "no-utf-8 \udcff",
    "-n",
    "",
]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=False, timeout=30)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_any_text_is_one_word_of_bash(text: str, tmp_path: Path) -> None:
    word = shell_word(text)
    assert word.isascii()
    assert word.isprintable()
    assert run(f"printf %s {word}", tmp_path).stdout == text.encode("utf-8", "surrogateescape")
    assert list(tmp_path.iterdir()) == []


def test_a_range_of_a_file_is_compared_and_another_one_differs(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "it's a log\n"
    path.write_bytes(b"0123456789")
    digest = hashlib.sha256(b"2345").hexdigest()
    assert run(check_range(str(path), 2, 6, digest), tmp_path).returncode == 0
    path.write_bytes(b"0123x56789")
    assert run(check_range(str(path), 2, 6, digest), tmp_path).returncode == 1


def test_objects_are_asked_for_where_the_archive_is_and_by_no_credential(tmp_path: Path) -> None:
    archive = ArchiveSettings(
        bucket="b",
        prefix="one/two/",
        region="eu-central-1",
        credentials_file=tmp_path / "secret",
        profile="operator",
    )
    commands = ArchiveCommands(archive=archive)
    sealed = SealedObject(
        key="ledger/000000000001.dsse.json",
        version_id="v;1",
        bytes=3,
        sha256="00" * 32,
        lock_mode="COMPLIANCE",
        retain_until="2030-01-01T00:00:00Z",
    )
    fetch = commands.fetch(sealed.key, sealed.version_id)
    assert fetch == (
        "aws s3api get-object --region eu-central-1 --bucket b --key one/two/ledger/000000000001.dsse.json "
        "--version-id 'v;1' 000000000001.dsse.json"
    )
    said = fetch + commands.check_described(sealed) + commands.check_lock(sealed)
    assert "secret" not in said
    assert "operator" not in said
    assert file_name("a/b/c") == "c"
