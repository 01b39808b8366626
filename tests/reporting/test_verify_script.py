"""`verify.sh` on packs that are as they should be, and on what is no pack."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.pipeline.conftest import Archive
from tests.reporting.conftest import GAP, LAST, QUIET, exported, unpacked
from tests.reporting.opened_pack import OpenedPack, needs_tools

pytestmark = needs_tools


def test_a_good_pack_is_good(complete: OpenedPack) -> None:
    verdict = complete.verify(last=complete.archive.context().ledger().head.sha256)
    assert verdict.status == 0, verdict.out
    assert "VERDICT: GOOD (archive test, days 2026-03-10 to 2026-03-14, ledger to entry 13" in verdict.out
    assert re.search(r"^PASS +RSA-PSS signatures +20$", verdict.out, re.MULTILINE)
    assert re.search(r"^PASS +ML-DSA signatures +20$", verdict.out, re.MULTILINE)
    assert re.search(r"^PASS +records +5$", verdict.out, re.MULTILINE)
    assert "NOT CHECKED" not in verdict.out


def test_what_this_openssl_cannot_check_is_not_a_pass(opened: OpenedPack) -> None:
    listed = subprocess.run(["openssl", "list", "-signature-algorithms"], capture_output=True, check=False)
    verdict = opened.verify()
    assert not verdict.failed
    if b"ML-DSA-65" in listed.stdout:
        assert verdict.status == 0
    else:
        assert verdict.status == 2
        assert re.search(r"^NOT CHECKED +ML-DSA signatures +20$", verdict.out, re.MULTILINE)


def test_a_known_entry_may_be_older_than_the_last(complete: OpenedPack) -> None:
    assert complete.verify(last=complete.archive.context().ledger().heads[4]).status == 0


def test_it_says_when_the_end_of_the_ledger_is_not_known(complete: OpenedPack) -> None:
    assert "No LAST_ENTRY_SHA256 was given" in complete.verify().out


def test_a_read_only_folder_is_enough_and_nothing_is_left_behind(
    complete: OpenedPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [complete.folder, *(path for path in complete.folder.rglob("*") if path.is_dir())]
    before = sorted(complete.folder.rglob("*"))
    for folder in folders:
        folder.chmod(0o555)
    assert complete.verify().status == 0
    assert sorted(complete.folder.rglob("*")) == before
    for folder in folders:
        folder.chmod(0o755)


def test_a_pack_of_digests_is_never_wholly_checked(
    eventful: Archive, tmp_path: Path, complete: OpenedPack
) -> None:
    exported(eventful, tmp_path / "digests.zip", digests_only=True)
    complete.folder = unpacked(tmp_path / "digests.zip", tmp_path / "digests")
    verdict = complete.verify()
    assert verdict.status == 2
    assert not verdict.failed
    assert re.search(r"^NOT CHECKED +segments +5$", verdict.out, re.MULTILINE)


@pytest.mark.parametrize("day", [QUIET, GAP, LAST])
def test_a_pack_of_one_day(eventful: Archive, tmp_path: Path, complete: OpenedPack, day: str) -> None:
    exported(eventful, tmp_path / "day.zip", first=day, last=day)
    complete.folder = unpacked(tmp_path / "day.zip", tmp_path / "day")
    verdict = complete.verify()
    assert verdict.status == 0, verdict.out


@pytest.mark.parametrize(
    "arguments", [[], ["12"], ["g" * 64], ["a" * 64, "../../etc/passwd"], ["a" * 64, "b" * 64, "c" * 64]]
)
def test_wrong_usage(opened: OpenedPack, arguments: list[str]) -> None:
    done = subprocess.run(
        ["bash", str(opened.folder / "verify.sh"), *arguments], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert b"usage:" in done.stderr


def test_a_missing_tool_is_said(opened: OpenedPack, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "openssl", "sha256sum", "jq"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        [str(tools / "bash"), str(opened.folder / "verify.sh"), "a" * 64],
        env={"PATH": str(tools)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"zstd is needed" in done.stderr


def test_the_guides_commands_work_one_after_the_other(opened: OpenedPack) -> None:
    guide = (opened.folder / "VERIFY.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert len(commands) >= 8
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(commands)],
        cwd=opened.folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == 2
    seal = opened.archive.context().ledger().seals_of(LAST)[0]
    assert f"{seal.manifest.sha256}  archive/{seal.manifest.key}\n{seal.manifest.sha256}\n" in done.stdout
    assert opened.archive.genesis in done.stdout
