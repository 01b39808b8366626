"""Memory stays bounded, whatever the size of the input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Archive

PLUGINS = Path(__file__).parents[2] / "plugins"
DAY = "2026-03-14"
INPUT_BYTES = 120 * 1024 * 1024
MAX_RESIDENT_BYTES = 300 * 1024 * 1024
RUN = """
import json, sys
from pathlib import Path
from audit_trail.cli.command_line import main
status = main(["process", "--date", sys.argv[1], "--json"])
# Not getrusage: its maximum is inherited from the process that started this one.
lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
peak = int(lines["VmHWM"].split()[0]) * 1024
print(json.dumps({"status": status, "peak": peak}), file=sys.stderr)
"""


def test_processing_a_large_day_stays_within_bounds(archive: Archive) -> None:
    block = b"".join(
        b'{"timestamp":"2026-03-14T10:00:%02dZ","user":"u%d","path":"/v1/orders/%d","password":"hunter%d"}\n'
        % (n % 60, n, n * 7, n)
        for n in range(10_000)
    )
    written = 0
    with (archive.logs / f"{DAY}.jsonl").open("wb") as file:
        while written < INPUT_BYTES:
            written += file.write(block)
    settings = archive.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AUDIT_TRAIL_")},
        "PYTHONPATH": str(PLUGINS),
        "AUDIT_TRAIL_HOME": str(settings.home),
        "AUDIT_TRAIL_ARCHIVE__NAME": "test",
        "AUDIT_TRAIL_ARCHIVE__BUCKET": archive.bucket,
        "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": str(settings.archive.endpoint_url),
        "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(settings.archive.credentials_file),
        "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": str(settings.archive.retain_days),
        "AUDIT_TRAIL_COLLECT_JOURNAL": "false",
        "AUDIT_TRAIL_SOURCES": json.dumps([source.model_dump(mode="json") for source in settings.sources]),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, DAY], env=environment, capture_output=True, text=True, check=False
    )
    measured = json.loads(done.stderr.splitlines()[-1])
    assert measured["status"] == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["collected"]["input_bytes"] == written
    assert result["signed"]["records"] == written // len(block) * 10_000
    assert measured["peak"] < MAX_RESIDENT_BYTES
