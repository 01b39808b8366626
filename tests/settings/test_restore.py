"""Settings of restores: what is refused, and why."""

from __future__ import annotations

from typing import Any

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.settings import load_settings

PRICE = {"storage_class": "GLACIER", "tier": "Bulk", "per_gib": "0.1", "per_1000_requests": "1"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"restore": {"prices": [PRICE, PRICE]}}, "restore: prices: GLACIER by Bulk is given twice"),
        ({"restore": {"prices": [PRICE | {"per_gib": "-1"}]}}, "restore.prices.0.per_gib"),
        ({"restore": {"prices": [PRICE | {"per_gib": "nan"}]}}, "restore.prices.0.per_gib"),
        ({"restore": {"prices": [PRICE | {"storage_class": "STANDARD"}]}}, "restore.prices.0.storage_class"),
        ({"restore": {"prices": [PRICE | {"price": "1"}]}}, "restore.prices.0.price"),
        ({"restore": {"tier": "Fast"}}, "restore.tier"),
        ({"restore": {"days": 0}}, "restore.days"),
        ({"restore": {"days": 366}}, "restore.days"),
        ({"restore": {"poll_interval_s": 0}}, "restore.poll_interval_s"),
        ({"restore": {"currency": "dollars"}}, "restore.currency"),
        ({"verification": {"restore": "bulk"}}, "verification.restore"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_setting_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(**values)
    assert said in caught.value.what


@pytest.mark.parametrize(
    "where", [{"verification": {"restore": "Expedited"}}, {"restore": {"tier": "Expedited"}}]
)
def test_deep_archive_and_expedited_do_not_go_together(where: dict[str, Any]) -> None:
    deep = {"archive": {"storage_class": "DEEP_ARCHIVE"}}
    with pytest.raises(ConfigurationError, match="DEEP_ARCHIVE has no Expedited"):
        load_settings(**deep, **where)
    allowed = where.get("restore", {}) | {"fall_back": True}
    assert load_settings(**deep, **(where | {"restore": allowed})).restore.fall_back
    assert load_settings(archive={"storage_class": "GLACIER"}, **where).restore.days == 7


def test_by_default_nothing_is_restored_and_no_price_is_known() -> None:
    settings = load_settings()
    assert settings.verification.restore == "none"
    assert (settings.restore.prices, settings.restore.copy_price_per_gib_month) == ((), None)
