"""The settings of restores from cold storage classes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from audit_trail.settings.fields import Section

Tier = Literal["Bulk", "Standard", "Expedited"]
ColdClass = Literal["GLACIER", "DEEP_ARCHIVE"]
Price = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=8)]


class RestorePriceSettings(Section):
    """What AWS asks for a restore of one class by one tier, in the archive's region today.

    A GiB is 2**30 bytes, which is what Amazon S3 calls a GB.
    """

    storage_class: ColdClass
    tier: Tier
    per_gib: Price
    per_1000_requests: Price


class RestoreSettings(Section):
    """How objects in a cold storage class are asked for."""

    tier: Tier = Field(default="Bulk", description="what `audit-trail restore` asks for without --tier")
    days: int = Field(default=7, ge=1, le=365, description="days that a restored copy is kept")
    fall_back: bool = Field(
        default=False, description="ask for Standard where Expedited is not to be had, instead of failing"
    )
    poll_interval_s: int = Field(
        default=60, ge=1, le=86_400, description="least seconds between two looks of the Airflow trigger"
    )
    prices: tuple[RestorePriceSettings, ...] = Field(
        default=(), description="none: estimates say bytes and requests, and no money"
    )
    copy_price_per_gib_month: Price | None = Field(
        default=None, description="of the restored copy, which is billed as S3 Standard meanwhile"
    )
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    def check_tier(self, tier: str, storage_class: str) -> None:
        """Refuse a tier that the class of new segments lacks.

        Raises:
            ValueError: DEEP_ARCHIVE, Expedited, and no falling back.
        """
        if (tier, storage_class) == ("Expedited", "DEEP_ARCHIVE") and not self.fall_back:
            raise ValueError(
                "restore: DEEP_ARCHIVE has no Expedited; take Standard, or set restore.fall_back"
            )

    @model_validator(mode="after")
    def _distinct_prices(self) -> RestoreSettings:
        named = [(price.storage_class, price.tier) for price in self.prices]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"prices: {twice[0][0]} by {twice[0][1]} is given twice")
        return self
