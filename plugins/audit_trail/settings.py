"""All settings, typed: environment `AUDIT_TRAIL_*`, then one YAML file.

A wrong setting fails before anything runs, with the field and the fix. The
YAML file is `$AUDIT_TRAIL_CONFIG`, or `audit-trail.yaml` in the home folder
when it is there. Nested fields are joined by two underscores in the
environment: `AUDIT_TRAIL_ARCHIVE__BUCKET`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from audit_trail.errors import ConfigurationError

ENV_PREFIX = "AUDIT_TRAIL_"
CONFIG_VARIABLE = "AUDIT_TRAIL_CONFIG"
CONFIG_NAME = "audit-trail.yaml"
Kind = Literal["application", "system", "api"]
KINDS: tuple[Kind, ...] = ("application", "system", "api")

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveSettings(_Section):
    """Where sealed days are kept, and under which lock."""

    name: Name = "audit-trail"
    bucket: str = Field(default="", description="S3 bucket with Object Lock and versions")
    prefix: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/)*([A-Za-z0-9._-]+)?$")
    endpoint_url: str | None = Field(default=None, description="None: AWS itself")
    region: str = "us-east-1"
    credentials_file: Path | None = Field(
        default=None, description="AWS shared credentials file; None: boto3's own chain"
    )
    profile: str | None = None
    lock_mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    retain_days: int = Field(default=2555, ge=1, le=36500)
    storage_class: Literal["STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] = "STANDARD"
    genesis_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="identity of the archive; None: the one that `init` noted in the home folder",
    )


class SigningSettings(_Section):
    """Which keys are made, and how the private ones are unlocked."""

    rsa_bits: Literal[2048, 3072, 4096] = 2048
    post_quantum: bool = Field(default=True, description="also sign with ML-DSA-65")
    passphrase: SecretStr | None = None
    passphrase_file: Path | None = None


class EventTimeSettings(_Section):
    """How to find a record's own time, for files that hold more than one day.

    Exactly one of `field` (a top-level JSON field) and `pattern` (a regular
    expression with one group) names the text; `format` is a `strptime` format,
    None means RFC 3339 / ISO 8601. A time without an offset is UTC.
    """

    field: str | None = None
    pattern: str | None = None
    format: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> EventTimeSettings:
        if (self.field is None) == (self.pattern is None):
            raise ValueError("give exactly one of `field` and `pattern`")
        return self


class SourceSettings(_Section):
    """One place where logs are found.

    `url` is an fsspec URL with glob characters and the day as `{date}`
    (`2026-01-31`) or `{date:%Y/%m/%d}` (any `strftime` format).
    """

    name: Name
    kind: Kind
    url: str
    event_time: EventTimeSettings | None = None
    required: bool = Field(default=False, description="a day without a file of this source is an error")


class VerificationSettings(_Section):
    """What the daily verification looks at."""

    sample_size: int = Field(default=20, ge=1, le=100_000)
    due_hours: int = Field(
        default=24, ge=0, le=24 * 31, description="a day is missing when unsealed this long after its end"
    )


class Settings(BaseSettings):
    """Everything that can be set. Immutable once read."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(default_factory=lambda: Path.home() / ".audit-trail", validate_default=True)
    archive: ArchiveSettings = ArchiveSettings()
    signing: SigningSettings = SigningSettings()
    verification: VerificationSettings = VerificationSettings()
    sources: tuple[SourceSettings, ...] = ()
    journal_dir: Path | None = Field(default=None, description="None: `journal` in the home folder")
    collect_journal: bool = Field(default=True, description="collect what AuditLogger writes")
    staging_dir: Path | None = Field(default=None, description="None: `staging` in the home folder")
    keys_dir: Path | None = Field(default=None, description="None: `keys` in the home folder")
    embedded_store_dir: Path | None = Field(
        default=None, description="the command line starts an embedded store in this folder while it runs"
    )
    segment_target_bytes: int = Field(default=256 * 1024 * 1024, ge=1024, le=4 * 1024**3)
    max_segments: int = Field(default=1000, ge=1, le=1000)

    @field_validator("home", "journal_dir", "staging_dir", "keys_dir", "embedded_store_dir")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @model_validator(mode="after")
    def _distinct_names(self) -> Settings:
        names = [source.name for source in self.all_sources()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources: the name {twice[0]!r} is used twice")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before YAML file; no dotenv, no secret files."""
        path = _config_path(init_settings().get("home"))
        yaml_source = (YamlConfigSettingsSource(settings_cls, yaml_file=path),) if path else ()
        return (init_settings, env_settings, *yaml_source)

    @property
    def journal(self) -> Path:
        """Where AuditLogger writes."""
        return self.journal_dir or self.home / "journal"

    @property
    def staging(self) -> Path:
        """Where a day is worked on before it is sealed."""
        return self.staging_dir or self.home / "staging"

    @property
    def keys(self) -> Path:
        """Where local signing keys are."""
        return self.keys_dir or self.home / "keys"

    def all_sources(self) -> tuple[SourceSettings, ...]:
        """The configured sources, and one for each kind that AuditLogger writes."""
        if not self.collect_journal:
            return self.sources
        root = literal_path(str(self.journal))
        journal = tuple(
            SourceSettings(name=kind, kind=kind, url=f"file://{root}/{kind}/{{date}}/*.jsonl")
            for kind in KINDS
        )
        return journal + self.sources


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: Naming each wrong field and where it came from.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(
            f"wrong settings: {problems}",
            where=str(_config_path(overrides.get("home")) or f"environment {ENV_PREFIX}*"),
            remedy="correct the fields named; docs/SETTINGS.md lists them all",
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the settings file cannot be read",
            where=str(_config_path(overrides.get("home"))),
            found=type(error).__name__,
        ) from error


def literal_path(path: str) -> str:
    """A path as a source URL takes it literally: no glob character, no placeholder."""
    return re.sub(r"([*?[])", r"[\1]", path).replace("{", "{{").replace("}", "}}")


def _config_path(home: str | Path | None) -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    home = home or os.environ.get(f"{ENV_PREFIX}HOME") or Path.home() / ".audit-trail"
    path = Path(home).expanduser() / CONFIG_NAME
    return path if path.is_file() else None


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored without a word."""
    fields = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    for variable in os.environ:
        name = variable.upper()
        if not name.startswith(ENV_PREFIX) or name == CONFIG_VARIABLE:
            continue
        if name.split("__", 1)[0] not in fields:
            raise ConfigurationError(
                "unknown setting in the environment",
                where=variable,
                remedy="unset it, or correct its name; docs/SETTINGS.md lists them all",
            )
