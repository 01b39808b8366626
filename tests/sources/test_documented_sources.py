"""The examples of docs/SOURCES.md are settings that load."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import yaml

from audit_trail.settings import load_settings
from audit_trail.sources.url_pattern import expand_dates

DOCUMENT = Path(__file__).parents[2] / "docs" / "SOURCES.md"


def test_every_example_can_be_used_as_it_stands(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    whole = "sources:\n" + "".join(block.removeprefix("sources:\n") for block in blocks)
    settings = load_settings(home=tmp_path, **yaml.safe_load(whole))
    urls = [expand_dates(source.url, date(2026, 11, 25)) for source in settings.sources]
    assert [url.partition(":")[0] for url in urls] == [
        "s3", "file", "cloudwatch-logs", "journald", "journald", "airflow-events",
    ]  # fmt: skip
    assert urls[2] == "cloudwatch-logs:///aws/lambda/orders?stream-prefix=2026/11/25/&filter=%22ERROR%22"
