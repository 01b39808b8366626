"""All settings as one model, and the order in which their places are asked."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from audit_trail.settings.fields import ConnectionId, LocalPath
from audit_trail.settings.parameter_store import read_parameters
from audit_trail.settings.restore import RestoreSettings
from audit_trail.settings.sections import (
    ArchiveSettings,
    ComplianceSettings,
    MetricsSettings,
    RedactionSettings,
    SigningSettings,
    TaskLogSettings,
    TimestampSettings,
    VerificationSettings,
)
from audit_trail.settings.source import KINDS, SourceSettings
from audit_trail.settings.yaml_file import ENV_PREFIX, config_path, read_yaml

TASK_LOGS = "airflow-task-logs"
"""The source of task logs' digests."""


class Settings(BaseSettings):
    """Everything that can be set. Immutable once read."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: LocalPath = Field(default_factory=lambda: Path.home() / ".audit-trail", validate_default=True)
    archive: ArchiveSettings = ArchiveSettings()
    signing: SigningSettings = SigningSettings()
    timestamps: TimestampSettings = TimestampSettings()
    redaction: RedactionSettings = RedactionSettings()
    verification: VerificationSettings = VerificationSettings()
    metrics: MetricsSettings = MetricsSettings()
    compliance: ComplianceSettings = ComplianceSettings()
    restore: RestoreSettings = RestoreSettings()
    task_logs: TaskLogSettings = TaskLogSettings()
    sources: tuple[SourceSettings, ...] = ()
    journal_dir: LocalPath | None = Field(default=None, description="None: `journal` in the home folder")
    collect_journal: bool = Field(default=True, description="collect what AuditLogger writes")
    staging_dir: LocalPath | None = Field(default=None, description="None: `staging` in the home folder")
    staging_url: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?$",
        description="a bucket for staging, for workers that share no disk: not the archive's, not locked",
    )
    keys_dir: LocalPath | None = Field(default=None, description="None: `keys` in the home folder")
    embedded_store_dir: LocalPath | None = Field(
        default=None, description="the command line starts an embedded store in this folder while it runs"
    )
    pin: str = Field(
        default="file",
        pattern=r"^(file|airflow-variable|ssm:/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)$",
        description="where the newest ledger head is remembered: `file` (in the home folder), "
        "`airflow-variable`, or `ssm:/NAME` (a parameter of AWS Systems Manager)",
    )
    pin_aws_conn_id: ConnectionId | None = Field(
        default=None, description="Airflow connection for the pin `ssm:`; None: that of the archive"
    )
    segment_target_bytes: int = Field(default=256 * 1024 * 1024, ge=1024, le=4 * 1024**3)
    max_segments: int = Field(default=1000, ge=1, le=1000)
    workers: int | None = Field(
        default=None, ge=1, le=1024, description="threads that a process works with; None: one for each core"
    )

    @model_validator(mode="after")
    def _restorable(self) -> Settings:
        for tier in (self.verification.restore, self.restore.tier):
            self.restore.check_tier(tier, self.archive.storage_class)
        return self

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
        """Environment before YAML file before Parameter Store; no dotenv, no secret files."""
        path = config_path(init_settings().get("home"))
        yaml_source = InitSettingsSource(settings_cls, read_yaml(path))
        ssm_source = InitSettingsSource(settings_cls, read_parameters(settings_cls).values)
        return (init_settings, env_settings, yaml_source, ssm_source)

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

    @property
    def task_log_digests(self) -> Path:
        """Where the digests of task logs wait to be sealed."""
        return self.home / "task-logs"

    def all_sources(self) -> tuple[SourceSettings, ...]:
        """The configured sources, one for each kind that AuditLogger writes, and the task logs' digests."""
        return (*self._journal_sources(), *self.sources, *self._task_log_sources())

    def _task_log_sources(self) -> tuple[SourceSettings, ...]:
        if self.task_logs.folder is None:
            return ()
        url = f"file://{literal_path(str(self.task_log_digests))}/{{date}}/*.jsonl"
        return (SourceSettings(name=TASK_LOGS, kind="system", url=url),)

    def _journal_sources(self) -> tuple[SourceSettings, ...]:
        if not self.collect_journal:
            return ()
        root = literal_path(str(self.journal))
        return tuple(
            SourceSettings(name=kind, kind=kind, url=f"file://{root}/{kind}/{{date}}/*.jsonl")
            for kind in KINDS
        )


def literal_path(path: str) -> str:
    """A path as a source URL takes it literally: no glob character, no placeholder."""
    return re.sub(r"([*?[])", r"[\1]", path).replace("{", "{{").replace("}", "}}")
