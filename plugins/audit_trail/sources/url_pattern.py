"""The day in a source's URL: `{date}` and `{date:FORMAT}`, and nothing else in braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date

# What glibc makes of an unknown directive is not an error but the directive
# itself, and a time of day would silently mean midnight: so both are refused.
DATE_DIRECTIVES = frozenset("aAbBdFeGjmuUVwWyY%")

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")
_DIRECTIVE = re.compile(r"%(-?)(.?)", re.DOTALL)


def expand_dates(url: str, day: date) -> str:
    """Put a day into a URL.

    Args:
        url: A URL or path with `{date}` (`2026-01-31`) and `{date:FORMAT}` (a
            `strftime` format of date directives, `%-m` for one without its
            leading zero); `{{` and `}}` stand for braces.
        day: The UTC day.

    Returns:
        The URL, glob characters untouched.

    Raises:
        ConfigurationError: Naming the placeholder that is not understood.
    """
    return "".join(_expand(placeholder, url, day) for placeholder in _PLACEHOLDER.findall(url))


def _expand(placeholder: str, url: str, day: date) -> str:
    if placeholder in ("{{", "}}"):
        return placeholder[0]
    if placeholder == "{date}":
        return day.isoformat()
    if placeholder.startswith("{date:") and placeholder.endswith("}"):
        return _formatted(placeholder, url, day)
    if placeholder[0] in "{}":
        raise _misunderstood(placeholder, url)
    return placeholder


def _formatted(placeholder: str, url: str, day: date) -> str:
    date_format = placeholder.removeprefix("{date:").removesuffix("}")
    directives = _DIRECTIVE.findall(date_format)
    if not directives or any(name not in DATE_DIRECTIVES or not name for _, name in directives):
        raise _misunderstood(placeholder, url)
    return day.strftime(date_format)


def _misunderstood(placeholder: str, url: str) -> ConfigurationError:
    return ConfigurationError(
        "the URL of a source has a placeholder that is not understood",
        where=url,
        expected="{date} or {date:FORMAT} with date directives such as %Y/%m/%d",
        found=placeholder,
        remedy="write {{ and }} for braces that belong to the name, and * for hours and minutes",
    )
