"""All settings, typed: environment `AUDIT_TRAIL_*`, then one YAML file, then Parameter Store.

A wrong setting fails before anything runs, with the field and the fix. The
YAML file is `$AUDIT_TRAIL_CONFIG`, or `audit-trail.yaml` in the home folder
when it is there. Nested fields are joined by two underscores in the
environment: `AUDIT_TRAIL_ARCHIVE__BUCKET`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from audit_trail.errors import ConfigurationError
from audit_trail.key_uri import parse_key_uri
from audit_trail.restore_settings import RestoreSettings, Tier
from audit_trail.settings_ssm import PREFIX_VARIABLE, read_parameters

ENV_PREFIX = "AUDIT_TRAIL_"
CONFIG_VARIABLE = "AUDIT_TRAIL_CONFIG"
CONFIG_NAME = "audit-trail.yaml"
Kind = Literal["application", "system", "api"]
KINDS: tuple[Kind, ...] = ("application", "system", "api")
TASK_LOGS = "airflow-task-logs"
"""The source of task logs' digests."""
AIRFLOW_SCHEMES = ("airflow-events", "airflow-events+http")
EVENT_SCHEMES = ("cloudwatch-logs", "journald", *AIRFLOW_SCHEMES)
_FIELDS_OF_SCHEMES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("s3", "cloudwatch-logs"): ("region", "endpoint_url"),
    ("s3",): ("requester_pays",),
    AIRFLOW_SCHEMES: ("username", "password_file", "token_file"),
}

REMEDY = "correct the fields named; docs/SETTINGS.md lists them all"


def _not_empty(path: Any) -> Any:
    # `Path("")` would be the current folder.
    if path == "":
        raise ValueError("an empty path: leave it out, or name one")
    return path


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # no such user
        raise ValueError("the home folder in it is not known") from None


def _checked_key_uri(text: str) -> str:
    parse_key_uri(text)
    return text


def _number(value: Any) -> Any:
    # A variable holds text, and a choice of numbers takes none.
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


KeyUriText = Annotated[str, AfterValidator(_checked_key_uri)]
ConnectionId = Annotated[str, Field(min_length=1, max_length=250)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
LocalPath = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(_expanded)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveSettings(_Section):
    """Where sealed days are kept, and under which lock."""

    name: Name = "audit-trail"
    bucket: str = Field(default="", description="S3 bucket with Object Lock and versions")
    prefix: str = Field(
        default="", pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?$"
    )
    endpoint_url: str | None = Field(default=None, description="None: AWS itself")
    region: str = "us-east-1"
    credentials_file: LocalPath | None = Field(
        default=None, description="AWS shared credentials file; None: boto3's own chain"
    )
    profile: str | None = None
    aws_conn_id: ConnectionId | None = Field(
        default=None, description="Airflow connection to AWS; in Airflow only"
    )
    lock_mode: Literal["COMPLIANCE", "GOVERNANCE"] = "COMPLIANCE"
    retain_days: int = Field(default=2555, ge=1, le=36500)
    kms_key_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        description="key of the bucket's default encryption (SSE-KMS); None: the store's own keys (SSE-S3)",
    )
    storage_class: Literal["STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] = "STANDARD"
    genesis_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="identity of the archive; None: the one that `init` noted in the home folder",
    )


class SigningSettings(_Section):
    """Which keys are made, and how the private ones are unlocked."""

    rsa_bits: Annotated[Literal[2048, 3072, 4096], BeforeValidator(_number)] = 2048
    post_quantum: bool = Field(default=True, description="also sign with ML-DSA-65")
    passphrase: SecretStr | None = None
    passphrase_file: LocalPath | None = None
    key_uris: tuple[KeyUriText, ...] = Field(
        default=(), description="keys in KMS, HSM or Vault, in place of a local RSA key; see docs/KEYS.md"
    )
    pkcs11_module: LocalPath | None = Field(default=None, description="None: $PYKCS11LIB")
    hsm_pin: SecretStr | None = None
    hsm_pin_file: LocalPath | None = None
    # No credentials in it: what an error shows must not be one.
    vault_url: str | None = Field(
        default=None, pattern=r"^https?://[^/?#@\s]+(/[^\s@]*)?$", description="None: $VAULT_ADDR"
    )
    vault_token: SecretStr | None = None
    vault_token_file: LocalPath | None = Field(default=None, description="None: $VAULT_TOKEN")
    aws_conn_id: ConnectionId | None = Field(
        default=None, description="Airflow connection for KMS; None: that of the archive"
    )
    passphrase_conn_id: ConnectionId | None = Field(
        default=None, description="Airflow connection whose password is the passphrase; in Airflow only"
    )
    hsm_pin_conn_id: ConnectionId | None = None
    vault_token_conn_id: ConnectionId | None = None


class TimestampSettings(_Section):
    """Which RFC 3161 authority attests when a ledger entry existed."""

    # Credentials go into ~/.netrc, so that no error and no log can show them.
    url: str | None = Field(
        default=None, pattern=r"^https?://[^/?#@\s]+(/[^\s@]*)?$", description="None: no tokens are asked for"
    )
    certificate_file: LocalPath | None = Field(
        default=None, description="PEM: the roots that the authority chains to, and intermediates it omits"
    )
    due_hours: int = Field(default=48, ge=1, le=24 * 31)
    timeout_s: int = Field(default=30, ge=1, le=600)

    @model_validator(mode="after")
    def _checkable(self) -> TimestampSettings:
        # A token is locked for as long as its entry: one that nobody can check must not get there.
        if self.url is not None and self.certificate_file is None:
            raise ValueError("url needs certificate_file: tokens are checked before they are kept")
        return self


class RedactionSettings(_Section):
    """What is taken out of records before anything else is done with them."""

    policy_file: LocalPath | None = Field(
        default=None, description="YAML, see docs/REDACTION.md; None: the default policy"
    )
    pseudonym_key_file: LocalPath | None = Field(
        default=None, description="mode 0600, 16 bytes or more; needed by the action `pseudonymize`"
    )


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin") from None
    return name


class EventTimeSettings(_Section):
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


class SourceSettings(_Section):
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


class TaskLogSettings(_Section):
    """Whose task logs of Airflow are sealed by their digests; see docs/TASK_LOGS.md."""

    folder: LocalPath | None = Field(
        default=None, description="Airflow's `base_log_folder` as the worker sees it; None: none are sealed"
    )
    dags: tuple[str, ...] = Field(
        default=("audit_trail_*",), min_length=1, description="ids of DAGs, with `*`, `?` and `[…]`"
    )


class VerificationSettings(_Section):
    """What the daily verification looks at."""

    sample_size: int = Field(default=20, ge=1, le=100_000)
    due_hours: int = Field(
        default=24, ge=0, le=24 * 31, description="a day is missing when unsealed this long after its end"
    )
    restore: Literal["none"] | Tier = Field(
        default="none", description="what the DAGs ask for to read sampled segments in a cold class"
    )


class MetricsSettings(_Section):
    """Where figures of each run go."""

    sink: Literal["none", "cloudwatch", "file"] = Field(
        default="none", description="`file` writes the calls that `cloudwatch` would make"
    )
    file: LocalPath | None = Field(default=None, description="None: `metrics.jsonl` in the home folder")


class ComplianceSettings(_Section):
    """What the compliance report measures against."""

    write_roles: tuple[str, ...] = Field(
        default=(), description="names of the IAM roles that may write to the archive"
    )
    read_roles: tuple[str, ...] = Field(
        default=(), description="names of the IAM roles that may read it and do nothing else"
    )
    storage_classes: tuple[Annotated[str, Field(pattern=r"^[A-Z_]+$")], ...] = Field(
        default=(), description="classes that segments may be in; empty: `archive.storage_class`"
    )
    encryption: tuple[Literal["AES256", "aws:kms", "aws:kms:dsse"], ...] = Field(
        default=(), description="how objects may be encrypted at rest; empty: in any way, but encrypted"
    )
    verify_every_days: int = Field(
        default=3, ge=1, le=365, description="the longest pause between two verifications"
    )
    content_days: int = Field(
        default=90, ge=1, le=36500, description="days in which samples of content are counted"
    )


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
        path = _config_path(init_settings().get("home"))
        yaml_source = InitSettingsSource(settings_cls, _read_yaml(path))
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


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: Naming each wrong field and where it came from.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        # Neither input nor context: both may hold a secret.
        found = error.errors(include_input=False, include_url=False, include_context=False)
        problems = [
            f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg'].removeprefix('Value error, ')}"
            for item in found
        ]
        origins = dict.fromkeys(_origin(item["loc"], overrides) for item in found)
        raise ConfigurationError(
            f"wrong settings: {'; '.join(problems)}", where=", ".join(origins), remedy=REMEDY
        ) from None
    except SettingsError as error:
        raise ConfigurationError(
            "a setting in the environment is not JSON",
            where=f"environment {ENV_PREFIX}*",
            found=str(error),
            remedy=f"write JSON, or one variable for each field: {ENV_PREFIX}ARCHIVE__BUCKET",
        ) from None


def literal_path(path: str) -> str:
    """A path as a source URL takes it literally: no glob character, no placeholder."""
    return re.sub(r"([*?[])", r"[\1]", path).replace("{", "{{").replace("}", "}}")


def _config_path(home: str | Path | None) -> Path | None:
    """The YAML file to read: the one that is named, or the one in the home folder if it is there."""
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or Path(home or os.environ.get(f"{ENV_PREFIX}HOME") or "~/.audit-trail") / CONFIG_NAME)
    try:
        path = path.expanduser()
        return path if named or path.is_file() else None
    except (OSError, RuntimeError) as error:
        raise _unreadable(
            path, getattr(error, "strerror", "") or "the home folder in it is not known"
        ) from error


def _read_yaml(path: Path | None) -> dict[str, Any]:
    import yaml

    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            value = yaml.safe_load(file)
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # `from None`: the error may quote a line, and the line may be the secret.
        mark = getattr(error, "problem_mark", None)
        raise _unreadable(path, f"invalid YAML{f' in line {mark.line + 1}' if mark else ''}") from None
    if value is not None and not (isinstance(value, dict) and all(isinstance(key, str) for key in value)):
        raise _unreadable(path, "YAML of another kind")
    return value or {}


def _unreadable(path: Path, found: str) -> ConfigurationError:
    return ConfigurationError(
        "the settings file cannot be read",
        where=str(path),
        expected="a YAML mapping of field names to values",
        found=found,
        remedy=f"correct it, or the path in {CONFIG_VARIABLE} or {ENV_PREFIX}HOME",
    )


def _origin(field: tuple[int | str, ...], overrides: Mapping[str, Any]) -> str:
    """Who gave a field its value: an argument, a variable or the YAML file."""
    path = _config_path(overrides.get("home"))
    in_yaml, in_ssm = _read_yaml(path), read_parameters(Settings).names
    for depth in range(len(field), 0, -1):
        names = field[:depth]
        variable = ENV_PREFIX + "__".join(map(str, names)).upper()
        if _holds(overrides, names):
            return f"argument {'.'.join(map(str, names))}"
        if variable in os.environ:
            return variable
        if _holds(in_yaml, names):
            return str(path)
        if names in in_ssm:
            return f"parameter {in_ssm[tuple(map(str, names))]}"
    return str(path or f"environment {ENV_PREFIX}*")


def _holds(value: Any, names: tuple[int | str, ...]) -> bool:
    for name in names:
        try:
            value = value[name]
        except (LookupError, TypeError):
            return False
    return True


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored without a word."""
    for variable in os.environ:
        if not variable.upper().startswith(ENV_PREFIX) or variable in (CONFIG_VARIABLE, PREFIX_VARIABLE):
            continue
        # In small letters it would be read here and not where the YAML file is looked for.
        if variable != variable.upper() or not _is_field(variable.removeprefix(ENV_PREFIX).lower()):
            raise ConfigurationError(
                "unknown setting in the environment",
                where=variable,
                remedy="unset it, or correct its name; docs/SETTINGS.md lists them all",
            )


def _is_field(name: str) -> bool:
    """Whether `archive__bucket` names a field; only sections have fields of their own."""
    section: Any = Settings
    for part in name.split("__"):
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
        if part not in fields:
            return False
        section = fields[part].annotation
    return True
