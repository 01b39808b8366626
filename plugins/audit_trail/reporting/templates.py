"""The pack's texts: templates filled in, and the script as it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = "pack_files"
BLOCK_EVENTS = 500
"""Pieces of a template that are joined before they are handed on."""


def script() -> bytes:
    """`verify.sh`, the same in every pack of this version."""
    return (files(__package__) / FOLDER / "verify.sh").read_bytes()


def fill(name: str, values: dict[str, Any], *, escape: bool) -> Iterator[bytes]:
    """A template's text in blocks.

    Args:
        name: A file of `pack_files`.
        values: What the template may name; a name that is not there is an error.
        escape: Escape every value for HTML.
    """
    stream = _template(name, escape=escape).stream(values)
    stream.enable_buffering(BLOCK_EVENTS)
    for block in stream:
        yield block.encode("utf-8")


def _template(name: str, *, escape: bool) -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda wanted: (files(__package__) / FOLDER / wanted).read_text("utf-8")),
        autoescape=escape,  # noqa: S701 - off for the guide, which is Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["groups"] = lambda text, size=4: [
        text[start : start + size] for start in range(0, len(text), size)
    ]
    environment.filters["number"] = lambda value: f"{value:,}".replace(",", "\u202f")
    environment.filters["bytes"] = readable_bytes
    environment.filters["quoted"] = lambda text: shlex.quote(str(text))
    return environment.get_template(name)


def readable_bytes(count: int) -> str:
    """Bytes for a reader, e.g. `1.5 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
