"""The program `audit-trail`: one command, in a process of its own."""

from __future__ import annotations

import gc

COLLECT_AFTER = 20_000
"""New objects after which Python looks for cycles; its own 700 are reached hundreds of times by imports."""


def run() -> int:
    """Run the command that the process was started with; its exit status."""
    gc.set_threshold(COLLECT_AFTER)
    try:
        from audit_trail.cli.command_line import main

        return main()
    finally:
        # The process ends now: the system takes all memory back without searching it for cycles.
        gc.freeze()
