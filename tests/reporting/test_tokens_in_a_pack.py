"""Time-stamp tokens travel with the pack; `verify.sh` checks them with the authority's root."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.pipeline.conftest import Archive
from tests.reporting.conftest import exported, unpacked
from tests.reporting.opened_pack import OpenedPack, needs_tools
from tests.signing.timestamp_authority import TimestampAuthority

from audit_trail.pipeline.processor import AuditTrailProcessor

pytestmark = needs_tools
DAY = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


@pytest.fixture
def stamped(
    store: object,
    make_authority: Callable[..., TimestampAuthority],
    ml_dsa_openssl: Path,
    tmp_path: Path,
) -> tuple[OpenedPack, TimestampAuthority]:
    """A pack of one day of an archive on the real clock, stamped by an authority that answers."""
    authority = make_authority()
    archive = Archive(
        tmp_path / "home",
        store,  # type: ignore[arg-type]
        timestamps=authority.settings,
        now=lambda: datetime.now(UTC),
    )
    archive.log(f"{DAY}.log", b"one\ntwo\n")
    AuditTrailProcessor(archive.settings).process_daily_logs(DAY)
    exported(archive, tmp_path / "pack.zip", first=DAY, last=DAY, now=datetime.now(UTC))
    folder = unpacked(tmp_path / "pack.zip", tmp_path / "pack")
    return OpenedPack(folder=folder, archive=archive, openssl=ml_dsa_openssl), authority


def test_they_are_checked_with_the_authoritys_root(stamped: tuple[OpenedPack, TimestampAuthority]) -> None:
    pack, authority = stamped
    verdict = pack.verify(authority=authority.certificate_file)
    assert verdict.status == 0, verdict.out
    assert re.search(r"^PASS +time-stamp tokens +[3-9]$", verdict.out, re.MULTILINE)


def test_without_it_they_are_not_a_pass(stamped: tuple[OpenedPack, TimestampAuthority]) -> None:
    verdict = stamped[0].verify()
    assert verdict.status == 2
    assert not verdict.failed
    assert "AUTHORITY" in verdict.out


def test_another_authority_is_not_believed(
    stamped: tuple[OpenedPack, TimestampAuthority], make_authority: Callable[..., TimestampAuthority]
) -> None:
    other = make_authority(name="Other")
    assert stamped[0].verify(authority=other.certificate_file).failed == {"time-stamp tokens"}


def test_a_token_over_another_entry(stamped: tuple[OpenedPack, TimestampAuthority]) -> None:
    pack, authority = stamped
    one, other = sorted((pack.folder / "archive" / "ledger").glob("*.tsr"))[:2]
    one.write_bytes(other.read_bytes())
    assert "time-stamp tokens" in pack.verify(authority=authority.certificate_file).failed
