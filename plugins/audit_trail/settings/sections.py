"""The sections of the settings, but for those of a source and of restores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from audit_trail.settings.fields import ConnectionId, KeyUriText, LocalPath, Name, Number, Section
from audit_trail.settings.restore import Tier


class ArchiveSettings(Section):
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


class SigningSettings(Section):
    """Which keys are made, and how the private ones are unlocked."""

    rsa_bits: Annotated[Literal[2048, 3072, 4096], Number] = 2048
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


class TimestampSettings(Section):
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


class RedactionSettings(Section):
    """What is taken out of records before anything else is done with them."""

    policy_file: LocalPath | None = Field(
        default=None, description="YAML, see docs/REDACTION.md; None: the default policy"
    )
    pseudonym_key_file: LocalPath | None = Field(
        default=None, description="mode 0600, 16 bytes or more; needed by the action `pseudonymize`"
    )


class TaskLogSettings(Section):
    """Whose task logs of Airflow are sealed by their digests; see docs/TASK_LOGS.md."""

    folder: LocalPath | None = Field(
        default=None, description="Airflow's `base_log_folder` as the worker sees it; None: none are sealed"
    )
    dags: tuple[str, ...] = Field(
        default=("audit_trail_*",), min_length=1, description="ids of DAGs, with `*`, `?` and `[…]`"
    )


class VerificationSettings(Section):
    """What the daily verification looks at."""

    sample_size: int = Field(default=20, ge=1, le=100_000)
    due_hours: int = Field(
        default=24, ge=0, le=24 * 31, description="a day is missing when unsealed this long after its end"
    )
    restore: Literal["none"] | Tier = Field(
        default="none", description="what the DAGs ask for to read sampled segments in a cold class"
    )


class MetricsSettings(Section):
    """Where figures of each run go."""

    sink: Literal["none", "cloudwatch", "file"] = Field(
        default="none", description="`file` writes the calls that `cloudwatch` would make"
    )
    file: LocalPath | None = Field(default=None, description="None: `metrics.jsonl` in the home folder")


class ComplianceSettings(Section):
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
