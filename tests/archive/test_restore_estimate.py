"""What a restore amounts to, before it is asked for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit_trail.archive.object_store import StoredObject
from audit_trail.archive.restore_estimate import estimate_restore, hours, tier_for
from audit_trail.errors import ConfigurationError
from audit_trail.settings.restore import RestoreSettings

GIB = 2**30
DEEP_BULK = {
    "storage_class": "DEEP_ARCHIVE",
    "tier": "Bulk",
    "per_gib": "0.0025",
    "per_1000_requests": "0.025",
}
FLEXIBLE_BULK = {"storage_class": "GLACIER", "tier": "Bulk", "per_gib": "0", "per_1000_requests": "0"}


def cold(size: int, storage_class: str = "DEEP_ARCHIVE") -> StoredObject:
    return StoredObject(
        key="k", version_id="v", size=size, sha256=None, retention=None, storage_class=storage_class
    )


def prices(*given: dict[str, str], copies: str | None = "0.03") -> RestoreSettings:
    return RestoreSettings.model_validate({"prices": given, "copy_price_per_gib_month": copies})


def estimate(objects: list[StoredObject], *kept: StoredObject, tier: str = "Bulk", **values: Any) -> Any:
    settings = values.pop("settings", RestoreSettings())
    return estimate_restore(objects, kept, tier=tier, days=values.pop("days", 7), settings=settings)


def test_bytes_requests_and_hours_are_said_without_any_price() -> None:
    made = estimate([cold(3), cold(4)])
    assert (made.objects, made.bytes, made.requests, made.longest) == (2, 7, 2, timedelta(hours=48))
    assert made.cost is None
    assert str(made) == (
        "2 objects of DEEP_ARCHIVE, 7 bytes, by Bulk, typically within 48 hours; 2 requests; kept for 7 days"
    )
    assert made.to_json()["cost"] is None


@pytest.mark.parametrize(
    ("storage_class", "tier", "span"),
    [
        ("GLACIER", "Expedited", "5 minutes"),
        ("GLACIER", "Standard", "5 hours"),
        ("GLACIER", "Bulk", "12 hours"),
        ("DEEP_ARCHIVE", "Standard", "12 hours"),
        ("DEEP_ARCHIVE", "Bulk", "48 hours"),
    ],
)
def test_how_long_it_takes_is_what_the_service_says(storage_class: str, tier: str, span: str) -> None:
    assert hours(estimate([cold(1, storage_class)], tier=tier).longest) == span


def test_classes_are_told_apart_and_the_slowest_counts() -> None:
    made = estimate([cold(1), cold(10, "GLACIER"), cold(100)])
    assert [(line.storage_class, line.objects, line.bytes) for line in made.lines] == [
        ("DEEP_ARCHIVE", 2, 101),
        ("GLACIER", 1, 10),
    ]
    assert made.longest == timedelta(hours=48)


def test_money_is_retrieval_requests_and_the_copies_for_as_long_as_they_are_kept() -> None:
    made = estimate([cold(GIB)] * 4, settings=prices(DEEP_BULK), days=15)
    # 4 GiB at 0.0025, 4 requests of 0.025 a thousand, 4 GiB for half a month at 0.03.
    assert made.cost == Decimal("0.0701")
    assert str(made).endswith("cost about 0.0701 USD")


def test_what_is_only_kept_for_longer_is_a_request_and_a_copy() -> None:
    made = estimate([], cold(GIB), settings=prices(DEEP_BULK), days=30)
    assert (made.objects, made.bytes, made.requests, made.kept_longer) == (0, 0, 1, 1)
    assert made.cost == Decimal("0.0300")
    assert made.longest == timedelta(0)


@pytest.mark.parametrize(
    "settings",
    [prices(DEEP_BULK), prices(FLEXIBLE_BULK), prices(DEEP_BULK, FLEXIBLE_BULK, copies=None)],
    ids=["one class", "the other", "no copies"],
)
def test_with_one_price_missing_there_is_no_sum_of_money(settings: RestoreSettings) -> None:
    made = estimate([cold(1), cold(1, "GLACIER")], settings=settings)
    assert made.cost is None
    assert "cost not known" in str(made)


def test_a_price_of_nothing_is_a_price() -> None:
    assert estimate([cold(GIB, "GLACIER")], settings=prices(FLEXIBLE_BULK, copies="0")).cost == 0


def test_nothing_to_restore_costs_nothing() -> None:
    made = estimate([], settings=prices(DEEP_BULK))
    assert (made.requests, made.bytes, made.longest) == (0, 0, timedelta(0))


def test_deep_archive_has_no_expedited_unless_falling_back_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match="no restore by the tier Expedited") as caught:
        estimate([cold(1)], tier="Expedited")
    assert caught.value.expected == "Standard, Bulk"
    made = estimate([cold(1)], tier="Expedited", settings=RestoreSettings(fall_back=True))
    assert [line.tier for line in made.lines] == ["Standard"]
    assert tier_for("GLACIER", "Expedited", fall_back=True) == "Expedited"


def test_a_hot_class_has_no_tier_at_all() -> None:
    with pytest.raises(ConfigurationError):
        tier_for("GLACIER_IR", "Standard", fall_back=True)
