"""`audit-trail demo --attack NAME|all`: attacks played before one's eyes."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audit_trail.cli.output import Output, table
from audit_trail.demo.attacks.catalogue import ATTACKS, CONTROL, Played, play
from audit_trail.demo.attacks.scene import Scene
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import ConfigurationError

MAX_SHOWN = 90


def run_attacks(output: Output, name: str) -> int:
    """Play one attack, or all and the control; 0 when every one was found and the control was not.

    Everything happens in a temporary folder with a store of its own.

    Raises:
        ConfigurationError: No such attack.
    """
    if name not in (*ATTACKS, "all"):
        raise ConfigurationError(
            "no such attack", where="--attack", expected=", ".join(("all", *ATTACKS)), found=name[:60]
        )
    chosen = list(ATTACKS.values()) if name == "all" else [ATTACKS[name]]
    played: list[Played] = []
    with tempfile.TemporaryDirectory(prefix="audit-trail-attacks-") as folder, _quiet():
        root = Path(folder)
        with EmbeddedStore(root / "store") as store, output.progress() as progress:
            scene = Scene(folder=root, store=store)
            for number, attack in enumerate(chosen, 1):
                played.append(play(attack, scene))
                progress("attacks", number, len(chosen))
    output.result(_to_json(played), lambda console: _show(console, played))
    return 0 if all(one.as_expected for one in played) else 1


def _to_json(played: list[Played]) -> dict[str, Any]:
    return {
        "attacks": [
            {
                "name": one.attack.name,
                "does": one.attack.does,
                "as_expected": one.as_expected,
                "failed_checks": list(one.failed),
                "says": one.says,
            }
            for one in played
        ]
    }


def _show(console: Any, played: list[Played]) -> None:
    rows = [
        (
            one.attack.name,
            one.attack.does,
            _verdict(one),
            ", ".join(one.failed),
            one.says if len(one.says) <= MAX_SHOWN else f"{one.says[: MAX_SHOWN - 1]}…",
        )
        for one in played
    ]
    table(console, "Attacks", ("attack", "what is done", "", "found by", "what it says"), rows)
    attacks = [one for one in played if one.attack.name != CONTROL]
    found = sum(one.as_expected for one in attacks)
    console.print(f"{found} of {len(attacks)} attacks were found.")
    if len(played) > len(attacks):
        quiet = all(one.as_expected for one in played if one.attack.name == CONTROL)
        console.print(f"The honest copy {'raised no alarm' if quiet else 'RAISED AN ALARM'}.")


def _verdict(one: Played) -> str:
    if not one.as_expected:
        return "NOT AS IT SHOULD"
    return "no alarm" if one.attack.name == CONTROL else "found"


@contextmanager
def _quiet() -> Iterator[None]:
    """The pipeline's own log would be about archives that are gone in a minute."""
    logger = logging.getLogger("audit_trail")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
