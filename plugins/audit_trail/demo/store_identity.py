"""Who may use the embedded store: its access key, and the keys that close its inner doors.

The access key is made once and kept in an AWS credentials file. Everything
else is derived from it, or random, at each start. No secret is ever an
argument or an environment variable of the store's process.
"""

from __future__ import annotations

import configparser
import json
import secrets
from pathlib import Path

from audit_trail.demo.store_certificates import (
    AUTHORITY_NAME,
    CERTIFICATE_NAME,
    KEY_NAME,
    write_certificates,
)
from audit_trail.errors import StorageError
from audit_trail.private_file import write_private

IDENTITY = "audit-trail"
PROFILE = "default"
S3_CONFIG_NAME = "s3.json"
SECURITY_NAME = "security.toml"
# Behind the S3 port, the filer and the volumes would serve and delete every
# object to whoever asks. They ask for a client certificate and for a token.
TOKEN_SECTIONS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
GRPC_PARTS = ("master", "volume", "filer", "s3", "admin", "worker", "client")
HTTPS_PARTS = ("master", "volume", "filer", "admin")


def ensure_credentials(path: Path) -> tuple[str, str]:
    """Read the access key, making it at the first start.

    Args:
        path: AWS shared credentials file, mode 0600.

    Returns:
        Access key id and secret access key.

    Raises:
        StorageError: The file is there but holds no key pair.
    """
    if not path.exists():
        pair = (f"AT{secrets.token_hex(9).upper()}", secrets.token_urlsafe(30))
        write_private(
            path,
            f"# The embedded store made this key for itself; it is good for nothing else.\n[{PROFILE}]\n"
            f"aws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n",
        )
        return pair
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        return parser.get(PROFILE, "aws_access_key_id"), parser.get(PROFILE, "aws_secret_access_key")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # `from None`: a parser error quotes the line, and the line may be the secret.
        raise StorageError(
            "the credentials of the embedded store cannot be read",
            where=str(path),
            expected=f"[{PROFILE}] with aws_access_key_id and aws_secret_access_key",
            found=type(error).__name__,
            remedy="delete the file to have a new key made; the data stay",
        ) from None


def write_identity(config: Path, access_key_id: str, secret_access_key: str) -> None:
    """Write what the store reads at start: its one identity, fresh token keys and certificates.

    Raises:
        OSError: The folder cannot be written.
    """
    identity = {
        "name": IDENTITY,
        "credentials": [{"accessKey": access_key_id, "secretKey": secret_access_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(config / S3_CONFIG_NAME, json.dumps({"identities": [identity]}))
    write_certificates(config)
    write_private(config / SECURITY_NAME, _security())


def _security() -> str:
    """The store's `security.toml`; file names are relative to the folder it is in."""
    certificate = f'ca = "{AUTHORITY_NAME}"\ncert = "{CERTIFICATE_NAME}"\nkey = "{KEY_NAME}"\n'
    sections = [f'[{section}]\nkey = "{secrets.token_urlsafe(32)}"\n' for section in TOKEN_SECTIONS]
    sections.append(f'[grpc]\nca = "{AUTHORITY_NAME}"\n')
    sections += [f"[grpc.{part}]\n{certificate}" for part in GRPC_PARTS]
    sections += [f"[https.{part}]\n{certificate}" for part in HTTPS_PARTS]
    sections.append(f"[https.client]\nenabled = true\n{certificate}")
    return "\n".join(sections)
