"""Verifying content beside `zstd -dc | sha256sum` over the same objects."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit_trail.archive.s3_store import S3Store
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.settings import ArchiveSettings
from benchmarks.pipeline.inputs import write_inputs
from benchmarks.pipeline.measured_process import Measured, run_measured
from benchmarks.pipeline.ours import COMMAND, environment_of, found

_SCRIPT = 'for file in "$@"; do zstd -dc "$file" | sha256sum >/dev/null; done'


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Both on the same segments, which ours reads from the store and the script from the disk."""

    megabytes: float
    ours: Measured
    script: Measured

    @property
    def share(self) -> float:
        """Our bytes for each second of processor time, as a share of the script's."""
        return self.script.cpu_s / self.ours.cpu_s


def compare_content(
    folder: Path, store: EmbeddedStore, megabytes: float, *, progress: Callable[[str], None]
) -> Content:
    """Seal a day of JSON events, then verify its content, then run the script.

    Raises:
        subprocess.CalledProcessError: Something did not verify.
    """
    progress("content: writing and sealing a day")
    inputs = write_inputs(folder / "day", "json", megabytes)
    environment = environment_of(folder / "content-home", store, inputs, by_event_time=False)
    found(environment)
    run_measured(
        [*COMMAND, "process", "--date", inputs.day, "--json"], environment=environment, folder=folder
    )
    progress("content: ours")
    command = [*COMMAND, "verify", "--level", "content", "--date", inputs.day, "--json"]
    ours = run_measured(command, environment=environment, folder=folder)
    checks = json.loads(ours.out)["checks"]["content.records"]
    if set(checks) != {"PASS"}:
        sys.exit(f"content was not verified: {checks}")
    progress("content: script")
    files = _fetch(folder / "objects", environment)
    script = run_measured(
        ["bash", "-c", _SCRIPT, "script", *files], environment=dict(os.environ), folder=folder
    )
    return Content(megabytes=megabytes, ours=ours, script=script)


def _fetch(folder: Path, environment: dict[str, str]) -> list[str]:
    folder.mkdir()
    prefix = "AUDIT_TRAIL_ARCHIVE__"
    store = S3Store(
        ArchiveSettings(
            bucket=environment[f"{prefix}BUCKET"],
            endpoint_url=environment[f"{prefix}ENDPOINT_URL"],
            credentials_file=Path(environment[f"{prefix}CREDENTIALS_FILE"]),
        )
    )
    files = []
    for version in store.list_versions("logs/"):
        path = folder / version.key.rpartition("/")[2]
        with path.open("wb") as file:
            file.writelines(store.stream(version.key, version.version_id))
        files.append(str(path))
    return files
