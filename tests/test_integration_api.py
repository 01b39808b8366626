"""The integration API, used as an application would."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audit_trail import AuditLogger, AuditTrailProcessor, CryptographicProcessor, StorageProcessor
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase

if TYPE_CHECKING:
    from audit_trail.demo.embedded_store import EmbeddedStore

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path, store: EmbeddedStore) -> Settings:
    archive = {
        "bucket": f"api-{tmp_path.name.replace('_', '-')}"[:60].rstrip("-"),
        "endpoint_url": store.endpoint_url,
        "credentials_file": store.credentials_file,
    }
    made = load_settings(home=tmp_path, archive=archive)
    make_passphrase(made)
    generate_keys(made)
    return made


def records(journal: Path) -> list[dict[str, object]]:
    return [
        json.loads(line)
        for path in sorted(journal.rglob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def test_events_are_logged_sealed_and_found_again(settings: Settings) -> None:
    processor = AuditTrailProcessor(settings, now=lambda: YESTERDAY)
    ids = [
        processor.log_api_event(
            api_endpoint="/v1/login",
            user_id="u-1",
            request_data={"user": "eve", "password": "hunter22"},
            response_data={"ok": True},
            status_code=200,
        ),
        processor.log_application_event("order-placed", user_id="u-1", details={"order": 7}),
        processor.log_system_event("service-started", component="billing"),
    ]
    processor.close()
    assert len(set(ids)) == 3
    assert "hunter22" not in "".join(path.read_text() for path in settings.journal.rglob("*.jsonl"))
    assert sorted(str(item["event_id"]) for item in records(settings.journal)) == sorted(ids)
    sealing = AuditTrailProcessor(settings)
    found_archive(sealing.context)
    result = sealing.process_daily_logs()
    assert result.sealed.day == YESTERDAY.date().isoformat()
    assert (result.sealed.records, result.sealed.segments) == (3, 3)
    assert result.verified.sampled == 3


def test_the_processor_is_a_context_manager(settings: Settings) -> None:
    with AuditTrailProcessor(settings) as processor:
        processor.log_system_event("ping")
    assert len(records(settings.journal)) == 1


def test_without_an_archive_the_error_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AuditTrailProcessor(settings).process_daily_logs()
    assert "audit-trail init" in caught.value.remedy


def test_the_logger_works_alone(tmp_path: Path) -> None:
    with AuditLogger(tmp_path / "journal") as logger:
        logger.log_application_event("started", details={"api_key": "abcdef0123456789"})
    (only,) = records(tmp_path / "journal")
    assert only["event_type"] == "started"
    assert "abcdef0123456789" not in json.dumps(only)


def test_cryptographic_processor_hashes_signs_and_verifies(settings: Settings, tmp_path: Path) -> None:
    crypto = CryptographicProcessor(settings)
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert crypto.hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    envelope = crypto.sign(b"statement")
    assert crypto.verify(envelope) == b"statement"
    assert crypto.is_signed(envelope)
    assert {key.scheme for key in crypto.public_keys()} == {"rsassa-pss-sha256", "ml-dsa-65/1"}
    changed = envelope.replace(b'"payload":"c3', b'"payload":"d3')
    assert not crypto.is_signed(changed)
    with pytest.raises(IntegrityError):
        crypto.verify(changed)


def test_storage_processor_puts_a_file_where_nobody_can_delete_it(settings: Settings, tmp_path: Path) -> None:
    found_archive(AuditTrailProcessor(settings).context)
    storage = StorageProcessor(settings)
    path = tmp_path / "report.txt"
    path.write_bytes(b"kept")
    stored = storage.upload_file(path, "reports/report.txt")
    assert stored.retention is not None
    assert stored.retention.mode == "COMPLIANCE"
    assert stored.retention.until > datetime.now(UTC) + timedelta(days=2554)
    assert storage.upload_file(path, "reports/report.txt").version_id == stored.version_id
    assert stored.sha256 is not None
    assert storage.is_stored("reports/report.txt", stored.sha256)
    assert not storage.is_stored("reports/other.txt", stored.sha256)
