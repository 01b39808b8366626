"""The printed commands, in a shell that knows openssl and sha256sum and nothing of this package."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.hand_check import HandCheck, write_hand_check
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase

TOOLS = ("openssl", "sha256sum")
DAY, EMPTY_DAY = "2026-03-14", "2026-03-13"
NOW = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {' and '.join(TOOLS)}"
)


@pytest.fixture(scope="module")
def written(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, HandCheck]:
    """A day with a segment, and one without, in folders whose names need quotes."""
    home = tmp_path_factory.mktemp("it's a home; really")
    (home / "logs").mkdir()
    (home / "logs" / f"{DAY}.log").write_bytes(b"".join(b"record %d\n" % n for n in range(100)))
    settings = load_settings(
        home=home,
        archive={
            "bucket": f"test-{uuid.uuid4().hex[:20]}",
            "endpoint_url": store.endpoint_url,
            "credentials_file": store.credentials_file,
        },
        sources=[{"name": "app", "kind": "application", "url": f"file://{home}/logs/{{date}}*"}],
        collect_journal=False,
    )
    make_passphrase(settings)
    generate_keys(settings)
    context = StageContext(settings=settings, now=lambda: NOW)
    found_archive(context)
    processor = AuditTrailProcessor(settings, now=lambda: NOW)
    for day in (DAY, EMPTY_DAY):
        processor.process_daily_logs(day)
    view = context.ledger()
    return {
        day: write_hand_check(context.store, view, day, home / "evidence" / day) for day in (DAY, EMPTY_DAY)
    }


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the two tools, and nothing else on the path."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


@pytest.fixture
def copy(written: dict[str, HandCheck], tmp_path: Path) -> Path:
    """The evidence of the day, to be tampered with."""
    return Path(shutil.copytree(written[DAY].folder, tmp_path / "copy"))


def shell(script: str, tools: Path, folder: Path = Path("/")) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=folder,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def checks(written: dict[str, HandCheck]) -> tuple[str, ...]:
    """Key id, ledger entry, manifest, sums: what follows the `cd`."""
    return written[DAY].commands[1:]


def test_the_printed_commands_pass_one_after_the_other(written: dict[str, HandCheck], tools: Path) -> None:
    done = shell("set -e\n" + "\n".join(written[DAY].commands), tools)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == 2
    assert "manifest.dsse.json: OK" in done.stdout
    assert "segment.zst: OK" in done.stdout


def test_the_key_id_is_the_one_that_signed(written: dict[str, HandCheck], tools: Path) -> None:
    done = shell("\n".join(written[DAY].commands[:2]), tools)
    keyid = done.stdout.split()[0]
    assert len(keyid) == 64
    assert keyid in (written[DAY].folder / "manifest.dsse.json").read_text()


def test_an_empty_day_has_no_segment_to_check(written: dict[str, HandCheck], tools: Path) -> None:
    done = shell("set -e\n" + "\n".join(written[EMPTY_DAY].commands), tools)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == 2
    assert "segment" not in done.stdout


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("ledger-entry.pae", 1),
        ("ledger-entry.sig", 1),
        ("manifest.pae", 2),
        ("manifest.sig", 2),
        ("segment.zst", 3),
        ("manifest.dsse.json", 3),
    ],
)
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_changed_byte_fails(
    copy: Path, tools: Path, written: dict[str, HandCheck], name: str, number: int, place: float
) -> None:
    command = checks(written)[number]
    assert shell(command, tools, copy).returncode == 0
    data = bytearray((copy / name).read_bytes())
    data[int(len(data) * place)] ^= 1
    (copy / name).write_bytes(data)
    done = shell(command, tools, copy)
    assert done.returncode != 0
    assert "Verified OK" not in done.stdout
    assert f"{name}: FAILED" in done.stdout or number != 3


def test_another_key_fails(copy: Path, tools: Path, written: dict[str, HandCheck]) -> None:
    made = shell(
        "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem"
        " && openssl pkey -in k.pem -pubout -out rsa.pub.pem",
        tools,
        copy,
    )
    assert made.returncode == 0, made.stderr
    for command in checks(written)[1:3]:
        assert shell(command, tools, copy).returncode != 0


def test_the_manifest_that_is_read_is_the_one_that_is_signed(copy: Path) -> None:
    assert (copy / "manifest.pae").read_bytes().endswith((copy / "manifest.json").read_bytes())
