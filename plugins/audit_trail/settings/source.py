"""The settings of one source of logs."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from audit_trail.settings.fields import LocalPath, Name, Section

Kind = Literal["application", "system", "api"]
KINDS: tuple[Kind, ...] = ("application", "system", "api")
AIRFLOW_SCHEMES = ("airflow-events", "airflow-events+http")
EVENT_SCHEMES = ("cloudwatch-logs", "journald", *AIRFLOW_SCHEMES)
_FIELDS_OF_SCHEMES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("s3", "cloudwatch-logs"): ("region", "endpoint_url"),
    ("s3",): ("requester_pays",),
    AIRFLOW_SCHEMES: ("username", "password_file", "token_file"),
}


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin") from None
    return name


class EventTimeSettings(Section):
    """How to find a record's own time, for files that hold more than one day.

    Exactly one of `field` (a top-level JSON field), `pattern` (a regular
    expression with one group) and `preset` names the text; `format` is a `strptime`
    format, None means RFC 3339 / ISO 8601. A time without an offset is UTC.
    The preset `syslog` knows text and form of RFC 3164 and RFC 5424; the former has no
    offset, and is in `timezone`.
    """

    field: str | None = None
    pattern: str | None = None
    format: str | None = None
    preset: Literal["syslog"] | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] = Field(
        default="UTC", description="of times without an offset in `preset`, e.g. Europe/Berlin"
    )

    @model_validator(mode="after")
    def _one_way(self) -> EventTimeSettings:
        if [self.field, self.pattern, self.preset].count(None) != 2:
            raise ValueError("give exactly one of `field` and `pattern`, or a `preset`")
        if self.preset is not None and self.format is not None:
            raise ValueError("`preset` says how times are written: leave `format` out")
        if self.preset is None and "timezone" in self.model_fields_set:
            raise ValueError("`timezone` belongs to `preset`; `format` reads an offset by %z")
        return self


class SourceSettings(Section):
    """One place where logs are found.

    `url` is an fsspec URL with glob characters and the day as `{date}`
    (`2026-01-31`) or `{date:%Y/%m/%d}` (any `strftime` format); or `s3://`,
    `cloudwatch-logs://`, `journald://`, `airflow-events://`, see docs/SOURCES.md.
    """

    name: Name
    kind: Kind
    url: str
    event_time: EventTimeSettings | None = None
    required: bool = Field(default=False, description="a day without a file of this source is an error")
    keeps_days: int | None = Field(
        default=None, ge=1, description="the source itself deletes what is older: not compared any more"
    )
    region: str | None = Field(default=None, description="AWS sources; None: the archive's")
    endpoint_url: str | None = Field(default=None, description="AWS sources; None: AWS")
    requester_pays: bool = Field(default=False, description="s3: the reader pays, and says so")
    username: str | None = Field(default=None, description="airflow-events: log in with a password")
    password_file: LocalPath | None = Field(default=None, description="airflow-events: mode 0600")
    token_file: LocalPath | None = Field(default=None, description="airflow-events: mode 0600, holds a JWT")

    @model_validator(mode="after")
    def _of_its_kind(self) -> SourceSettings:
        scheme = self.url.partition("://")[0]
        for schemes, names in _FIELDS_OF_SCHEMES.items():
            for name in names:
                default = type(self).model_fields[name].default
                if getattr(self, name) != default and scheme not in schemes:
                    raise ValueError(f"`{name}` means nothing for this url; it is for {', '.join(schemes)}")
        if scheme in AIRFLOW_SCHEMES:
            if (self.token_file is None) == (self.username is None):
                raise ValueError("give either `token_file`, or `username` and `password_file`")
            if (self.username is None) != (self.password_file is None):
                raise ValueError("`username` and `password_file` belong together")
        if scheme in EVENT_SCHEMES and self.event_time is not None:
            raise ValueError("events are selected by their own time already: leave `event_time` out")
        return self
