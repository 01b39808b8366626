"""Everything that can be found is explained."""

from __future__ import annotations

import re
from pathlib import Path

from audit_trail.web.finding_meanings import MEANINGS, UNKNOWN, meaning_of

PACKAGE = Path(__file__).parents[2] / "plugins" / "audit_trail"
_NAME = re.compile(
    r'"((?:ledger|seal|manifest|object|content|listing|day|time|verification)\.[a-z]+(?:-[a-z]+)*)"'
)


def names_of_checks(*folders: str) -> set[str]:
    """Every name that the code in some folders gives a check."""
    files = [file for folder in folders for file in (PACKAGE / folder).rglob("*.py")]
    files.append(PACKAGE / "web" / "recorded_findings.py")
    return {name for file in files for name in _NAME.findall(file.read_text("utf-8"))}


def test_every_check_of_a_verification_has_a_meaning() -> None:
    names = names_of_checks("verification")
    assert len(names) > 20
    assert names - set(MEANINGS) == set()


def test_no_meaning_is_left_over() -> None:
    assert set(MEANINGS) - names_of_checks("verification", "pipeline", "reporting") == set()


def test_each_says_what_it_means_and_what_to_do() -> None:
    for name, meaning in MEANINGS.items():
        assert len(meaning.title) < 60, name
        assert meaning.means.endswith(".") and meaning.steps.endswith((". ", ".")), name


def test_a_check_of_a_newer_version_gets_a_general_answer() -> None:
    assert meaning_of("object.colour") is UNKNOWN
