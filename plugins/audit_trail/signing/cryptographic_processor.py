"""`CryptographicProcessor`: key pairs, file hashing, signatures, verification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import IntegrityError, StorageError

if TYPE_CHECKING:
    from audit_trail.evidence.public_key import PublicKey
    from audit_trail.settings import Settings
    from audit_trail.signing.local_keys import SigningKey


class CryptographicProcessor:
    """The cryptography of the archive on files and bytes of your own.

    Args:
        settings: None reads them from the environment and the YAML file.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        from audit_trail.settings import load_settings

        self.settings = settings or load_settings()

    def generate_key_pairs(self) -> tuple[SigningKey, ...]:
        """Make the key pairs that the settings ask for; see `signing.local_keys.generate_keys`."""
        from audit_trail.signing.local_keys import generate_keys

        return generate_keys(self.settings)

    def public_keys(self) -> tuple[PublicKey, ...]:
        """The public parts of the keys that sign here: the newest of each scheme."""
        from audit_trail.signing.local_keys import newest_keys

        return newest_keys(self.settings)

    def hash_file(self, path: str | Path) -> str:
        """SHA-256 of a file, hex.

        Raises:
            StorageError: It cannot be read.
        """
        from audit_trail.archive.storage_processor import file_sha256

        try:
            return file_sha256(Path(path))
        except OSError as error:
            raise StorageError(
                "the file cannot be read", where=str(path), found=error.strerror or type(error).__name__
            ) from error

    def sign(self, payload: bytes) -> bytes:
        """A DSSE envelope over `payload`, signed by all of `public_keys`."""
        from audit_trail.signing.signatures import load_signers, sign_payload

        keyids = [key.keyid for key in self.public_keys()]
        return sign_payload(payload, load_signers(self.settings, keyids)).to_bytes()

    def verify(self, envelope: bytes, *, keys: tuple[PublicKey, ...] | None = None) -> bytes:
        """The payload of an envelope that all of `keys` signed.

        Args:
            envelope: What `sign` returned.
            keys: None takes the keys that sign now.

        Raises:
            IntegrityError: Not an envelope, or a signature is missing or wrong.
        """
        from audit_trail.evidence.envelope import parse_envelope
        from audit_trail.signing.signatures import verify_envelope

        believed = self.public_keys() if keys is None else keys
        parsed = parse_envelope(envelope, where="envelope")
        algorithms = {key.scheme for key in believed}
        verify_envelope(parsed, keys=believed, algorithms=algorithms, where="envelope")
        return parsed.payload

    def is_signed(self, envelope: bytes, *, keys: tuple[PublicKey, ...] | None = None) -> bool:
        """Whether `verify` would return a payload."""
        try:
            self.verify(envelope, keys=keys)
        except IntegrityError:
            return False
        return True
