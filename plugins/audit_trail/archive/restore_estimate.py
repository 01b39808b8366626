"""What a restore amounts to, before it is asked for: bytes, requests, hours, and money if prices are known.

Pure: descriptions in, numbers out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from audit_trail.archive.object_store import StoredObject
from audit_trail.errors import ConfigurationError
from audit_trail.settings.restore import RestoreSettings

LONGEST = {
    ("GLACIER", "Expedited"): timedelta(minutes=5),
    ("GLACIER", "Standard"): timedelta(hours=5),
    ("GLACIER", "Bulk"): timedelta(hours=12),
    ("DEEP_ARCHIVE", "Standard"): timedelta(hours=12),
    ("DEEP_ARCHIVE", "Bulk"): timedelta(hours=48),
}
"""How long a restore typically takes at most; an Expedited one of more than 250 MB takes longer.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
"""
COLD_CLASSES = frozenset(storage_class for storage_class, _ in LONGEST)
"""Classes whose objects cannot be read until they are restored. GLACIER_IR is none of them."""
GIB = 2**30
DAYS_OF_A_MONTH = 30


def tier_for(storage_class: str, tier: str, fall_back: bool) -> str:
    """The tier to ask for in a class.

    Raises:
        ConfigurationError: The class has no such tier, and falling back is not allowed.
    """
    if (storage_class, tier) in LONGEST:
        return tier
    if fall_back and (storage_class, "Standard") in LONGEST:
        return "Standard"
    offered = ", ".join(name for held, name in LONGEST if held == storage_class)
    raise ConfigurationError(
        f"{storage_class} has no restore by the tier {tier}",
        where="tier",
        expected=offered or "no restore is needed",
        found=tier,
        remedy="choose another tier, or set restore.fall_back",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateLine:
    """The objects of one class, and the tier that they are asked for by."""

    storage_class: str
    tier: str
    objects: int
    bytes: int
    longest: timedelta
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreEstimate:
    """What asking will amount to.

    Retrieval and requests are paid once, the copies for as long as they are
    kept. `kept_longer`: copies that are there already and are kept for
    longer, a request each and no retrieval. `cost` is None unless every price is known.
    """

    lines: tuple[EstimateLine, ...]
    kept_longer: int
    days: int
    cost: Decimal | None
    currency: str
    is_priced: bool

    @property
    def objects(self) -> int:
        """How many are retrieved."""
        return sum(line.objects for line in self.lines)

    @property
    def bytes(self) -> int:
        """How much is retrieved."""
        return sum(line.bytes for line in self.lines)

    @property
    def requests(self) -> int:
        """RestoreObject requests."""
        return self.objects + self.kept_longer

    @property
    def longest(self) -> timedelta:
        """How long the slowest of them typically takes at most."""
        return max((line.longest for line in self.lines), default=timedelta(0))

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "objects": self.objects,
            "bytes": self.bytes,
            "requests": self.requests,
            "kept_longer": self.kept_longer,
            "days": self.days,
            "longest_hours": round(self.longest / timedelta(hours=1), 2),
            "cost": None if self.cost is None else {"amount": str(self.cost), "currency": self.currency},
            "by_class": [
                {
                    "storage_class": line.storage_class,
                    "tier": line.tier,
                    "objects": line.objects,
                    "bytes": line.bytes,
                    "longest_hours": round(line.longest / timedelta(hours=1), 2),
                }
                for line in self.lines
            ],
        }

    def __str__(self) -> str:
        parts = [
            f"{line.objects} objects of {line.storage_class}, {line.bytes} bytes, by {line.tier}, "
            f"typically within {hours(line.longest)}"
            for line in self.lines
        ]
        if self.kept_longer:
            parts.append(f"{self.kept_longer} restored copies kept for longer")
        parts += [f"{self.requests} requests", f"kept for {self.days} days", self.money]
        return "; ".join(part for part in parts if part)

    @property
    def money(self) -> str:
        """The cost in words; empty where no prices are set."""
        if self.cost is not None:
            return f"cost about {self.cost} {self.currency}"
        return "cost not known, as not every price of it is set" if self.is_priced else ""


def estimate_restore(
    objects: Sequence[StoredObject],
    kept_longer: Collection[StoredObject] = (),
    *,
    tier: str,
    days: int,
    settings: RestoreSettings,
) -> RestoreEstimate:
    """What asking for `objects` amounts to.

    Args:
        objects: Archived ones, as HEAD described them.
        kept_longer: Restored ones whose copies would go too early.
        tier: The tier that is asked for.
        days: That the copies are kept.
        settings: Prices, and whether to fall back to another tier.

    Raises:
        ConfigurationError: See `tier_for`.
    """
    lines = tuple(
        _line([there for there in objects if there.storage_class == held], held, tier, settings)
        for held in sorted({there.storage_class for there in objects})
    )
    # Of copies that are there already, the one price is the request's.
    requests = [_request_price(there.storage_class, tier, settings) for there in kept_longer]
    held_bytes = sum(there.size for there in (*objects, *kept_longer))
    copies = _copies_cost(held_bytes, days, settings)
    costs = [*(line.cost for line in lines), *requests, copies]
    known = [cost for cost in costs if cost is not None]
    return RestoreEstimate(
        lines=lines,
        kept_longer=len(kept_longer),
        days=days,
        cost=sum(known, Decimal(0)).quantize(Decimal("0.0001")) if len(known) == len(costs) else None,
        currency=settings.currency,
        is_priced=bool(settings.prices) or settings.copy_price_per_gib_month is not None,
    )


def _line(objects: list[StoredObject], held: str, tier: str, settings: RestoreSettings) -> EstimateLine:
    chosen = tier_for(held, tier, settings.fall_back)
    size = sum(there.size for there in objects)
    cost = None
    for price in settings.prices:
        if (price.storage_class, price.tier) == (held, chosen):
            cost = price.per_gib * size / GIB + price.per_1000_requests * len(objects) / 1000
    return EstimateLine(
        storage_class=held,
        tier=chosen,
        objects=len(objects),
        bytes=size,
        longest=LONGEST[held, chosen],
        cost=cost,
    )


def _request_price(held: str, tier: str, settings: RestoreSettings) -> Decimal | None:
    chosen = tier_for(held, tier, settings.fall_back)
    for price in settings.prices:
        if (price.storage_class, price.tier) == (held, chosen):
            return price.per_1000_requests / 1000
    return None


def _copies_cost(size: int, days: int, settings: RestoreSettings) -> Decimal | None:
    price = settings.copy_price_per_gib_month
    return None if price is None else price * size / GIB * days / DAYS_OF_A_MONTH


def hours(span: timedelta) -> str:
    """A span for a reader, e.g. `48 hours`, `5 minutes`."""
    if span < timedelta(hours=1):
        return f"{span // timedelta(minutes=1)} minutes"
    return f"{span // timedelta(hours=1)} hours"
