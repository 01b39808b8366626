"""What figures support, and that the documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from audit_trail.reporting.compliance.controls import frameworks
from audit_trail.reporting.compliance.figures import DEFINITIONS
from audit_trail.reporting.metrics.data_points import UNITS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "COMPLIANCE.md").read_text("utf-8")


def table(heading: str) -> dict[str, list[str]]:
    """The rows of a section's first table by the name in their first cell."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Za-z-]+)` \| (.*) \|$", section, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in rows}


def test_every_control_names_figures_that_there_are() -> None:
    for framework in frameworks():
        assert framework.controls, framework.name
        for control in framework.controls:
            assert control.figures, control
            assert set(control.figures) <= DEFINITIONS.keys(), control


def test_every_figure_supports_something() -> None:
    used = {name for item in frameworks() for control in item.controls for name in control.figures}
    assert used == DEFINITIONS.keys()


def test_nothing_is_called_certified_or_compliant() -> None:
    text = " ".join(
        f"{control.title} {control.supports}" for item in frameworks() for control in item.controls
    ).lower()
    for word in ("certif", "complian", "conform", "fulfil", "guarantee", "ensure"):
        assert word not in text, word


def test_the_document_lists_every_figure_as_it_is_computed() -> None:
    assert table("The figures") == {
        name: [definition.title, definition.how] for name, definition in DEFINITIONS.items()
    }


def test_the_document_lists_every_metric() -> None:
    assert list(table("CloudWatch")) == list(UNITS)


def test_the_document_lists_every_framework_and_control() -> None:
    section = DOCUMENT.partition("\n## What they support\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)[2:]
    assert [(name.strip(), [item.strip() for item in refs.split(",")]) for name, refs in told] == [
        (item.name.replace("|", ""), [control.reference for control in item.controls])
        for item in frameworks()
    ]
