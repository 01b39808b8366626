"""Pins: what is remembered outside the bucket only moves forward, and is never guessed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.pins import GENESIS_FILE, Head, HeadPin, genesis_pin, note_genesis

Make = Callable[..., Settings]
GENESIS = "a" * 64

ADVANCE = """
import sys
from pathlib import Path
from audit_trail.settings import load_settings
from audit_trail.signing.pins import Head, HeadPin
pin = HeadPin(load_settings(home=Path(sys.argv[1])), "a" * 64)
sys.stdin.readline()
last = -1
for number in range(int(sys.argv[2]), 120, 4):
    pin.advance(Head(sequence=number, sha256=f"{number:064x}"))
    known = pin.read()
    assert known.sequence >= number and known.sequence >= last, (number, last, known)
    assert known.sha256 == f"{known.sequence:064x}"
    last = known.sequence
"""


def head(sequence: int) -> Head:
    return Head(sequence=sequence, sha256=f"{sequence:064x}")


def pin_file(settings: Settings) -> Path:
    (path,) = (settings.home / "pins").glob("*.json")
    return path


def test_nothing_is_remembered_at_first(settings_with: Make) -> None:
    settings = settings_with()
    assert HeadPin(settings, GENESIS).read() is None
    assert not settings.home.exists(), "reading leaves no trace"


def test_a_pin_moves_forward_only(settings_with: Make) -> None:
    pin = HeadPin(settings_with(), GENESIS)
    for sequence, remembered in ((3, 3), (2, 3), (3, 3), (0, 3), (4, 4)):
        pin.advance(head(sequence))
        assert pin.read() == head(remembered)


def test_another_head_with_the_same_number_does_not_replace_the_first(settings_with: Make) -> None:
    pin = HeadPin(settings_with(), GENESIS)
    pin.advance(head(3))
    pin.advance(Head(sequence=3, sha256="f" * 64))
    assert pin.read() == head(3)


def test_archives_do_not_share_a_pin(settings_with: Make) -> None:
    settings = settings_with()
    HeadPin(settings, GENESIS).advance(head(9))
    assert HeadPin(settings, "b" * 64).read() is None


def test_many_processes_advance_one_pin_and_none_moves_it_back(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", ADVANCE, str(tmp_path), str(start)] for start in range(4)]
    plugins = Path(__file__).parents[2] / "plugins"
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": str(plugins), "HOME": str(tmp_path)},
        )
        for command in commands
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert HeadPin(load_settings(home=tmp_path), GENESIS).read() == head(119)
    assert [path.name for path in (tmp_path / "pins").iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b'{"sequence": 3}',
        b'{"sha256": "' + b"a" * 64 + b'"}',
        json.dumps({"sequence": "3", "sha256": "a" * 64}).encode(),
        json.dumps({"sequence": 3.5, "sha256": "a" * 64}).encode(),
        json.dumps({"sequence": True, "sha256": "a" * 64}).encode(),
        json.dumps({"sequence": -1, "sha256": "a" * 64}).encode(),
        json.dumps({"sequence": 3, "sha256": None}).encode(),
        json.dumps({"sequence": 3, "sha256": "A" * 64}).encode(),
        json.dumps({"sequence": 3, "sha256": "a" * 64}).encode()[:-9],
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_pin_that_cannot_be_read_is_an_integrity_error_and_stays(
    settings_with: Make, content: bytes
) -> None:
    """Taking it for none would let a shortened ledger pass."""
    settings = settings_with()
    pin = HeadPin(settings, GENESIS)
    pin.advance(head(3))
    pin_file(settings).write_bytes(content)
    for action in (pin.read, lambda: pin.advance(head(4))):
        with pytest.raises(IntegrityError) as caught:
            action()
        assert caught.value.where == str(pin_file(settings))
    assert pin_file(settings).read_bytes() == content


def test_a_folder_in_the_place_of_a_pin_is_an_integrity_error(settings_with: Make) -> None:
    settings = settings_with()
    pin = HeadPin(settings, GENESIS)
    pin.advance(head(3))
    path = pin_file(settings)
    path.unlink()
    path.mkdir()
    with pytest.raises(IntegrityError):
        pin.read()


def test_a_home_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = load_settings(home=tmp_path / "file" / "home")
    with pytest.raises(StorageError, match="cannot be written"):
        HeadPin(settings, GENESIS).advance(head(1))
    with pytest.raises(StorageError, match="cannot be written"):
        note_genesis(settings, GENESIS)


def test_a_noted_genesis_is_found_again(settings_with: Make) -> None:
    settings = settings_with()
    note_genesis(settings, GENESIS)
    assert genesis_pin(settings) == GENESIS
    assert (settings.home / GENESIS_FILE).read_text() == f"{GENESIS}  audit-trail\n"


def test_the_genesis_in_the_settings_goes_before_the_noted_one(settings_with: Make) -> None:
    note_genesis(settings_with(), GENESIS)
    assert genesis_pin(settings_with(archive={"genesis_sha256": "b" * 64})) == "b" * 64


def test_an_unknown_genesis_is_not_guessed(settings_with: Make) -> None:
    with pytest.raises(ConfigurationError) as caught:
        genesis_pin(settings_with())
    assert "archive.genesis_sha256" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"\n", b"a" * 63, b"A" * 64, b"\xff" * 64, b"hello"])
def test_a_noted_genesis_that_cannot_be_read_is_not_the_same_as_none(
    settings_with: Make, content: bytes
) -> None:
    """Otherwise `init` would found a second archive over the memory of the first."""
    settings = settings_with()
    note_genesis(settings, GENESIS)
    (settings.home / GENESIS_FILE).write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        genesis_pin(settings)
    assert caught.value.where == str(settings.home / GENESIS_FILE)
