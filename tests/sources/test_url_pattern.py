from __future__ import annotations

from datetime import date

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.sources.url_pattern import expand_dates

DAY = date(2026, 1, 9)


@pytest.mark.parametrize(
    ("url", "expanded"),
    [
        ("/logs/app.log", "/logs/app.log"),
        ("/logs/{date}/*.log", "/logs/2026-01-09/*.log"),
        ("s3://b/{date:%Y/%m/%d}/[ab]?.gz", "s3://b/2026/01/09/[ab]?.gz"),
        ("/logs/{date:%Y}-{date:%-d}-{date:%j}", "/logs/2026-9-009"),
        ("/logs/{{date}}-{date:%d%%}", "/logs/{date}-09%"),
        ("", ""),
    ],
)
def test_puts_the_day_in_and_leaves_the_rest(url: str, expanded: str) -> None:
    assert expand_dates(url, DAY) == expanded


@pytest.mark.parametrize(
    ("url", "placeholder"),
    [
        ("/logs/{day}/x", "{day}"),
        ("/logs/{}", "{}"),
        ("/logs/{date!r}", "{date!r}"),
        ("/logs/{date.year}", "{date.year}"),
        ("/logs/{date:}", "{date:}"),
        ("/logs/{date:today}", "{date:today}"),
        ("/logs/{date:%Q}", "{date:%Q}"),
        ("/logs/{date:%Y%}", "{date:%Y%}"),
        ("/logs/{date:%Y-%m-%dT%H}", "{date:%Y-%m-%dT%H}"),
        ("/logs/{date", "{"),
        ("/logs/date}", "}"),
        ("/logs/{da{date}", "{"),
    ],
)
def test_names_the_placeholder_that_is_not_understood(url: str, placeholder: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        expand_dates(url, DAY)
    assert raised.value.found == placeholder
    assert raised.value.where == url
