"""Commands with which anybody repeats what a task log says. Pure: values in, text out.

They are for bash in an empty folder, in the order of the log, and need the AWS
command line, `openssl`, `sha256sum`, `zstd` and `jq`, and nothing of this
package. What differs ends a command with another status than 0, and prints
nothing, or "FAILED". A name may be of somebody who wants to run something, so
every value is one quoted word.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit_trail.evidence.envelope import PAYLOAD_TYPE
from audit_trail.evidence.ledger_entry import SealedObject
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.settings import ArchiveSettings

Commands = tuple[str, ...]


def shell_word(text: str) -> str:
    """One word of bash, whatever is in it; printable ASCII only."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    # A path of a source may hold bytes that are no UTF-8: they came in as surrogates.
    data = text.encode("utf-8", "surrogateescape")
    return "$'" + "".join(_ansi_c(byte) for byte in data) + "'"


def _ansi_c(byte: int) -> str:
    return chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"


def file_name(key: str) -> str:
    """What a fetched object is called: the last part of its key, which is unique in an archive."""
    return key.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCommands:
    """Commands on the objects of one archive."""

    archive: ArchiveSettings

    def fetch(self, key: str, version_id: str | None) -> str:
        """Copy one version of an object into the folder."""
        return f"{self._s3('get-object', key, version_id)} {shell_word(file_name(key))}"

    def check_fetched(self, key: str, version_id: str | None, sha256: str) -> Commands:
        """Fetch a version and compare its digest."""
        return (self.fetch(key, version_id), compare_file(file_name(key), sha256))

    def check_described(self, sealed: SealedObject) -> str:
        """Compare what the store says of size and checksum, without reading the bytes."""
        said = self._s3("head-object", sealed.key, sealed.version_id, "--checksum-mode", "ENABLED")
        checksum = base64.b64encode(bytes.fromhex(sealed.sha256)).decode("ascii")
        wanted = shell_word(f"{sealed.bytes} {checksum}")
        query = "--query '[ContentLength,ChecksumSHA256]' --output text"
        return f"{said} {query} | tr '\\t' ' ' | grep -xF {wanted}"

    def check_lock(self, sealed: SealedObject) -> str:
        """Compare the lock that the store holds a version under."""
        said = self._s3("get-object-retention", sealed.key, sealed.version_id)
        wanted = shell_word(f"{sealed.lock_mode} {sealed.retain_until.removesuffix('Z')}")
        query = "--query 'Retention.[Mode,RetainUntilDate]' --output text"
        return f"{said} {query} | tr '\\t' ' ' | grep -F {wanted}"

    def learn_key(self, key: PublicKey, *, sequence: int, version_id: str, sha256: str) -> Commands:
        """Take a public key from the ledger entry that brought it, and compare its id."""
        entry = ledger_key(sequence)
        name, pem = file_name(entry), key_file(key)
        chosen = shell_word(f'.predicate.keys[] | select(.keyid == "{key.keyid}") | .public')
        return (
            *self.check_fetched(entry, version_id, sha256),
            f"jq -jr .payload {name} | base64 -d | jq -r {chosen} >{pem}",
            f"openssl pkey -pubin -in {pem} -outform DER | sha256sum | {_digest(key.keyid)}",
        )

    def _s3(self, operation: str, key: str, version_id: str | None, *more: str) -> str:
        archive = self.archive
        prefix = f"{archive.prefix.rstrip('/')}/" if archive.prefix.rstrip("/") else ""
        words = ["--bucket", archive.bucket, "--key", prefix + key]
        if version_id is not None:
            words += ["--version-id", version_id]
        place = ["--region", archive.region]
        if archive.endpoint_url is not None:
            place += ["--endpoint-url", archive.endpoint_url]
        return " ".join(["aws", "s3api", operation, *map(shell_word, [*place, *words, *more])])


def compare_file(name: str, sha256: str) -> str:
    """Compare a file's digest."""
    return f"echo {shell_word(f'{sha256}  {name}')} | sha256sum -c"


def check_range(path: str, start: int, end: int, sha256: str) -> str:
    """Compare the digest of a local file's bytes [start, end), as it was before redaction."""
    return f"tail -c +{start + 1} {shell_word(path)} | head -c {end - start} | sha256sum | {_digest(sha256)}"


def check_content(name: str, *, sha256: str, size: int) -> Commands:
    """Compare what a segment holds, decompressed."""
    name = shell_word(name)
    return (
        f"zstd -dcq {name} | sha256sum | {_digest(sha256)}",
        f"zstd -dcq {name} | wc -c | grep -xF {size}",
    )


def check_lines(name: str, records: int) -> str:
    """Compare how many records a segment holds; a last one without a newline is one, too."""
    return f"zstd -dcq {shell_word(name)} | grep -ac '' | grep -xF {records}"


def check_statement(name: str, path: str, value: str | dict[str, Any]) -> str:
    """Compare one field of what an envelope holds, e.g. `.predicate.previous`."""
    name, wanted = shell_word(name), shell_word(f"{path} == {json.dumps(value)}")
    return f"jq -jr .payload {name} | base64 -d | jq -e {wanted}"


def check_payload(name: str, sha256: str) -> str:
    """Compare the digest of what an envelope holds: of a manifest, its statement's."""
    return f"jq -jr .payload {shell_word(name)} | base64 -d | sha256sum | {_digest(sha256)}"


def check_signature(name: str, key: PublicKey) -> Commands:
    """Verify one RSA signature of an envelope; its key is in the folder. DSSE's encoding is built by hand."""
    name, pem = shell_word(name), key_file(key)
    chosen = shell_word(f'.signatures[] | select(.keyid == "{key.keyid}") | .sig')
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} %d "
    return (
        f"jq -jr .payload {name} | base64 -d >{name}.payload",
        f'{{ printf {shell_word(head)} "$(wc -c <{name}.payload)"; cat {name}.payload; }} >{name}.pae',
        f"jq -r {chosen} {name} | base64 -d >{name}.sig",
        "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:auto "
        f"-verify {pem} -signature {name}.sig {name}.pae",
    )


def key_file(key: PublicKey) -> str:
    """What a public key's file is called."""
    return f"{key.keytype}-{key.keyid[:16]}.pub.pem"


def rsa_keys(keys: Sequence[PublicKey]) -> list[PublicKey]:
    """Those that any OpenSSL can check with; ML-DSA wants 3.5 or later."""
    return [key for key in keys if key.keytype == "rsa"]


def _digest(sha256: str) -> str:
    return f"grep -xF {shell_word(f'{sha256}  -')}"
