"""The README says what the command line says."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from audit_trail.cli.command_line import make_parser

README = Path(__file__).parents[2] / "README.md"


def documented() -> dict[str, set[str]]:
    """Commands and their options as in the README's table."""
    section = README.read_text("utf-8").partition("## Command line")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)([^`]*)` \|", section, re.MULTILINE)
    return {name: set(re.findall(r"--[a-z-]+", rest)) for name, rest in rows}


def offered() -> dict[str, set[str]]:
    """Commands and their options as parsed; `--json` and `--help` go without saying."""
    (adding,) = (
        action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return {
        name: {
            option
            for action in parser._actions
            for option in action.option_strings
            if option.startswith("--")
        }
        - {"--json", "--help"}
        for name, parser in adding.choices.items()
    }


def test_every_command_and_option_is_in_the_readme() -> None:
    assert documented() == offered()


def test_the_two_commands_come_first() -> None:
    lines = README.read_text("utf-8").splitlines()
    assert [line.split()[0:2] for line in lines if line.startswith("./run.sh")][:2] == [
        ["./run.sh", "demo"],
        ["./run.sh", "test"],
    ]
