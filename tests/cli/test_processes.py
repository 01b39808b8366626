"""The command line as a process: exit statuses, pipes and terminals."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from tests.cli.conftest import Shell, day_ago

BAR = "━"


def on_a_terminal(shell: Shell, *arguments: str) -> tuple[int, str]:
    """Run with all three streams on a terminal; its status and all that was shown."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "audit_trail", *arguments],
        env=shell.environment(TERM="xterm-256color", COLUMNS="120"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # Linux says so when the last follower is closed
            break
        if not block:
            break
        shown += block
    os.close(leader)
    return process.wait(60), shown.decode("utf-8", "replace")


def test_the_module_runs_and_its_status_is_the_commands(founded: Shell) -> None:
    good = founded.spawn("status", "--json")
    assert (good.status, good.err) == (0, "")
    assert good.document["days_sealed"] == 2
    usage = founded.spawn("status", "--no-such-option")
    assert (usage.status, usage.out) == (3, "")
    unknown = founded.spawn("status", AUDIT_TRAIL_BUCKET="x")
    assert (unknown.status, unknown.out) == (3, "")
    assert "AUDIT_TRAIL_BUCKET" in unknown.err


def test_an_unreachable_store_ends_the_process_with_status_2(founded: Shell) -> None:
    done = founded.spawn("verify", "--json", AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL="http://127.0.0.1:1")
    assert done.status == 2
    assert [finding["outcome"] for finding in done.document["findings"]] == ["UNVERIFIABLE"]
    assert "Traceback" not in done.err


def test_progress_and_colour_are_for_terminals(founded: Shell) -> None:
    arguments = ("verify", "--date", day_ago(1).isoformat())
    status, shown = on_a_terminal(founded, *arguments)
    assert status == 0
    assert BAR in shown
    assert "\x1b[" in shown
    status, shown = on_a_terminal(founded, *arguments, "--json")
    assert status == 0
    assert BAR not in shown


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_has_gone_is_neither_success_nor_a_traceback(
    options: tuple[str, ...], founded: Shell
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "audit_trail", "status", *options],
        env=founded.environment(),
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write_end)
    assert done.returncode == 141
    assert done.stderr == b""
