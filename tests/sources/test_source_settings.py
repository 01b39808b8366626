"""Settings that mean nothing for a source are refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.settings import load_settings

AIRFLOW = {"url": "airflow-events://host"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "/x", "region": "eu-central-1"}, "`region` means nothing for this url; it is for s3"),
        ({"url": "journald://", "endpoint_url": "http://x"}, "`endpoint_url` means nothing"),
        ({"url": "cloudwatch-logs://g", "requester_pays": True}, "`requester_pays` means nothing"),
        ({"url": "s3://b/k", "token_file": "/t"}, "`token_file` means nothing"),
        (AIRFLOW, "give either `token_file`, or `username` and `password_file`"),
        (AIRFLOW | {"token_file": "/t", "username": "u"}, "give either `token_file`"),
        (AIRFLOW | {"token_file": "/t", "password_file": "/p"}, "belong together"),
        (AIRFLOW | {"username": "u"}, "belong together"),
        ({"url": "journald://", "event_time": {"field": "t"}}, "leave `event_time` out"),
        ({"url": "/x", "keeps_days": 0}, "sources.0.keeps_days"),
        ({"url": "/x", "event_time": {"preset": "syslog", "format": "%Y"}}, "leave `format` out"),
        ({"url": "/x", "event_time": {"preset": "syslog", "field": "t"}}, "give exactly one of"),
        ({"url": "/x", "event_time": {"field": "t", "timezone": "UTC"}}, "`timezone` belongs to `preset`"),
        ({"url": "/x", "event_time": {"preset": "syslog", "timezone": "Europe"}}, "not a time zone"),
        ({"url": "/x", "event_time": {"preset": "syslog", "timezone": "../UTC"}}, "not a time zone"),
        ({"url": "/x", "event_time": {"preset": "syslog", "timezone": "Berlin"}}, "not a time zone"),
        ({"url": "/x", "event_time": {"preset": "syslog", "timezone": ""}}, "not a time zone"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(fields: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(home=tmp_path, sources=[{"name": "a", "kind": "api", **fields}])
    assert problem in raised.value.what


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "s3://b/k", "region": "eu-central-1", "endpoint_url": "http://x", "requester_pays": True},
        {"url": "cloudwatch-logs://g", "region": "eu-central-1", "keeps_days": 30},
        AIRFLOW | {"token_file": "/t"},
        {"url": "airflow-events+http://host:8080", "username": "u", "password_file": "/p"},
        {"url": "/x", "event_time": {"preset": "syslog", "timezone": "America/St_Johns"}},
    ],
)
def test_what_belongs_together_is_taken(fields: dict[str, Any], tmp_path: Path) -> None:
    (source,) = load_settings(home=tmp_path, sources=[{"name": "a", "kind": "api", **fields}]).sources
    assert source.url == fields["url"]
