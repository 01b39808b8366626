"""Which controls of which frameworks the figures support: data, read from `controls.yaml`.

A figure supports a control by being evidence for a part of it. It fulfils none, and
nobody is certified by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "controls.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A clause, what of it is supported, and by which figures."""

    reference: str
    title: str
    supports: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A law, a standard or a list."""

    name: str
    controls: tuple[Control, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "framework": self.name,
            "controls": [
                {
                    "reference": control.reference,
                    "title": control.title,
                    "supports": control.supports,
                    "figures": list(control.figures),
                }
                for control in self.controls
            ],
        }


@cache
def frameworks() -> tuple[Framework, ...]:
    """All of them, in the order of the file."""
    import yaml

    text = (files(__package__) / FILE).read_text("utf-8")
    return tuple(
        Framework(
            name=item["name"],
            controls=tuple(
                Control(**{**control, "figures": tuple(control["figures"])}) for control in item["controls"]
            ),
        )
        for item in yaml.safe_load(text)["frameworks"]
    )
