"""How a time is spelt, as steps: the ordinary spelling of a `strptime` format, or of ISO 8601.

`strptime` and `fromisoformat` read more than that (one digit where two are
usual, any white space, weeks): what is spelt otherwise is left to them.
"""

from __future__ import annotations

import calendar
import re

YEAR, MONTH, MONTH_NAME, DAY, HOUR, MINUTE, SECOND = range(256, 263)
FRACTION, OFFSET = 263, 264
"""Up to six digits; hours and minutes, or a Z."""
SEPARATOR, POINT_AND_FRACTION, OFFSET_IF_ANY = 265, 266, 267
"""Of ISO 8601; the last two may be missing."""

ISO = (
    YEAR, ord("-"), MONTH, ord("-"), DAY, SEPARATOR,
    HOUR, ord(":"), MINUTE, ord(":"), SECOND, POINT_AND_FRACTION, OFFSET_IF_ANY,
)  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_DIRECTIVES = {
    "Y": YEAR, "m": MONTH, "b": MONTH_NAME, "d": DAY, "H": HOUR, "M": MINUTE, "S": SECOND,
    "f": FRACTION, "z": OFFSET, "%": ord("%"),
}  # fmt: skip
_BLANKS = re.compile(r"\s\s")


def layout_of(time_format: str | None) -> tuple[int, ...] | None:
    """The steps of a format; a number below 256 is a byte as it stands.

    Args:
        time_format: For `strptime`; None is RFC 3339 and its kin.

    Returns:
        None where it has something that only `strptime` can read.
    """
    if time_format is None:
        return ISO
    if not time_format.isascii() or _BLANKS.search(time_format):
        return None
    steps: list[int] = []
    characters = iter(time_format)
    for character in characters:
        step = _DIRECTIVES.get(next(characters, "")) if character == "%" else ord(character)
        if step is None:
            return None
        steps.append(step)
    directives = [step for step in steps if step >= YEAR]
    if MONTH_NAME in directives and tuple(map(str.lower, calendar.month_abbr))[1:] != MONTHS:
        return None  # strptime reads another language here
    names = set(directives)
    is_date = names >= {YEAR, DAY} and len(names & {MONTH, MONTH_NAME}) == 1
    return tuple(steps) if is_date and len(names) == len(directives) else None
