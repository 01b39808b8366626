"""Do the byte ranges that the revisions of a day sealed of each source file join up?

A revision takes what a file has grown by since the one before. A range that does
not begin where the last one ended is of bytes that nobody sealed, or of bytes
that are sealed twice: every digest holds, and the day is not whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from audit_trail.evidence.manifest import Manifest
from audit_trail.verification.checks import CheckList

SHOWN_FILES = 3
"""Named in a finding; the manifests have them all."""
_REMEDY = "compare the manifests of the day with each other: bytes of a source were left out or sealed twice"
_EXPECTED = "ranges of each source file that join up from byte 0"


def check_ranges(manifests: Iterable[Manifest | None], checks: CheckList, *, day: str) -> None:
    """Check the inputs of all revisions of a day; only the bounds of ranges are kept.

    Args:
        manifests: One for each revision. None: it cannot be used, which is a
            finding of its own, and this check is left out.
        checks: Where the result goes, as `day.ranges`.
        day: The day.
    """
    bounds: dict[tuple[str, str], list[tuple[int, int]]] = {}
    usable = True
    for manifest in manifests:
        usable = usable and manifest is not None
        for item in manifest.inputs if manifest else ():
            bounds.setdefault((item.source, item.uri), []).append((item.start, item.end))
    if not usable:
        return
    broken = [
        f"{ranges} of {uri}" for (_, uri), found in sorted(bounds.items()) if (ranges := _broken(found))
    ]
    more = f", and of {len(broken) - SHOWN_FILES} more" if len(broken) > SHOWN_FILES else ""
    checks.compare(
        "day.ranges",
        f"day {day}",
        expected=_EXPECTED,
        found="; ".join(broken[:SHOWN_FILES]) + more if broken else _EXPECTED,
        day=day,
        remedy=_REMEDY,
    )


def _broken(ranges: list[tuple[int, int]]) -> str:
    """The first two ranges, or the beginning and the first one, that do not join up; empty: all do."""
    # An empty range, of a file that had no record yet, comes before the one that begins there.
    for (_, end), (start, stop) in pairwise([(0, 0), *sorted(ranges)]):
        if start != end or stop < start:
            return f"[{start}, {stop}) after byte {end}"
    return ""
