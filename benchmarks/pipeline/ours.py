"""Our contestant: `audit-trail process` as a user calls it, with a home and a bucket of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import IntegrityError
from benchmarks.pipeline.inputs import KINDS, Inputs
from benchmarks.pipeline.measured_process import Measured, run_measured

PLUGINS = Path(__file__).parents[2] / "plugins"
COMMAND = (sys.executable, "-m", "audit_trail")
RETAIN_DAYS = 3650


def run_ours(
    folder: Path,
    store: EmbeddedStore,
    inputs: Inputs,
    *,
    by_event_time: bool,
    program: Sequence[str] = COMMAND,
) -> Measured:
    """Seal and verify a day in a new archive.

    Args:
        folder: A new folder in it becomes the home.
        store: Runs.
        inputs: The day.
        by_event_time: Select records by their own time, too.
        program: What is run with the arguments of `audit-trail`.

    Raises:
        subprocess.CalledProcessError: The command failed.
        IntegrityError: It did not seal and verify all of the bytes.
    """
    environment = environment_of(folder / f"home-{uuid.uuid4().hex[:8]}", store, inputs, by_event_time)
    found(environment)
    command = [*program, "process", "--date", inputs.day, "--json"]
    measured = run_measured(command, environment=environment, folder=folder)
    _check(json.loads(measured.out), inputs)
    return measured


def found(environment: Mapping[str, str]) -> None:
    """Make the keys and the archive of a home."""
    for preparation in (("generate-keys", "--make-passphrase"), ("init",)):
        subprocess.run([*COMMAND, *preparation, "--json"], env=environment, check=True, capture_output=True)


def environment_of(home: Path, store: EmbeddedStore, inputs: Inputs, by_event_time: bool) -> dict[str, str]:
    """The variables under which a new home and a new bucket are used."""
    source: dict[str, object] = {"name": "app", "kind": "application", "url": inputs.url, "required": True}
    if by_event_time:
        source["event_time"] = KINDS[inputs.kind].event_time
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_TRAIL_", "AWS_"))}
    return own | {
        "PYTHONPATH": f"{PLUGINS}{os.pathsep}{PLUGINS.parent}",
        "AUDIT_TRAIL_HOME": str(home),
        "AUDIT_TRAIL_ARCHIVE__BUCKET": f"bench-{uuid.uuid4().hex[:20]}",
        "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": store.endpoint_url,
        "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(store.credentials_file),
        "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": str(RETAIN_DAYS),
        "AUDIT_TRAIL_COLLECT_JOURNAL": "false",
        "AUDIT_TRAIL_SOURCES": json.dumps([source]),
    }


def _check(result: Mapping[str, Mapping[str, int]], inputs: Inputs) -> None:
    """All bytes were collected, all records sealed, and all segments read back from the archive."""
    expected = (inputs.bytes, inputs.records, True)
    verified = result["verified"]
    found = (
        result["collected"]["input_bytes"],
        result["signed"]["records"],
        verified["passed"] > 0 and verified["sampled"] == verified["population"] > 0,
    )
    if found != expected:
        raise IntegrityError(
            "not everything was sealed and verified",
            where=str(inputs.files[0].parent),
            expected=str(expected),
            found=str(found),
        )
