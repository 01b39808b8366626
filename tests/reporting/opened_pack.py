"""An unpacked pack, the script run on it in a bare environment, and what a forger makes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import Archive

from audit_trail.evidence import canonical
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.signing.signatures import sign_payload

TOOLS = ("openssl", "zstd", "jq")
needs_tools = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"
)


def find_openssl_with_ml_dsa() -> Path | None:
    """An openssl of 3.5 or later: `./run.sh test` names one where the system's is older."""
    for found in (os.environ.get("AUDIT_TRAIL_TEST_OPENSSL"), shutil.which("openssl")):
        if found:
            listed = subprocess.run([found, "list", "-signature-algorithms"], capture_output=True, check=True)
            if b"ML-DSA-65" in listed.stdout:
                return Path(found)
    return None


ML_DSA_OPENSSL = find_openssl_with_ml_dsa()
"""Found before tests get an environment of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the script ended and what it said."""

    status: int
    out: str

    @property
    def failed(self) -> set[str]:
        """The kinds of checks that failed."""
        lines = [line for line in self.out.splitlines() if line.startswith("FAIL")]
        return {line[13:35].strip() for line in lines}


@dataclass(slots=True, kw_only=True)
class OpenedPack:
    """A pack in a folder, with ways to change it."""

    folder: Path
    archive: Archive
    openssl: Path | None = None

    def verify(
        self, *, genesis: str | None = None, last: str | None = None, authority: Path | None = None
    ) -> Verdict:
        """Run the script with nothing but a path, from another folder."""
        path = f"{self.openssl.parent}:/usr/bin:/bin" if self.openssl else "/usr/bin:/bin"
        done = subprocess.run(
            [
                "bash",
                str(self.folder / "verify.sh"),
                genesis or self.archive.genesis,
                *([last] if last else []),
            ],
            cwd="/",
            env={"PATH": path} | ({"AUTHORITY": str(authority)} if authority else {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == b"", done.stderr.decode()
        return Verdict(status=done.returncode, out=done.stdout.decode("ascii"))

    def path(self, key: str) -> Path:
        return self.folder / "archive" / key

    def change(self, key: str, edit: Callable[[bytes], bytes]) -> None:
        """Replace an object's bytes."""
        self.path(key).write_bytes(edit(self.path(key).read_bytes()))

    def records(self, key: str, edit: Callable[[list[bytes]], list[bytes]]) -> None:
        """Edit a segment record by record."""
        import zstandard

        def edited(data: bytes) -> bytes:
            lines = zstandard.ZstdDecompressor().decompressobj().decompress(data).splitlines(keepends=True)
            return zstandard.ZstdCompressor().compress(b"".join(edit(lines)))

        self.change(key, edited)

    def swap(self, one: str, other: str) -> None:
        """Let two objects change places."""
        first, second = self.path(one).read_bytes(), self.path(other).read_bytes()
        self.path(one).write_bytes(second)
        self.path(other).write_bytes(first)

    def statement(self, key: str) -> dict[str, Any]:
        """What an entry or manifest says."""
        value = json.loads(parse_envelope(self.path(key).read_bytes(), where=key).payload)
        assert isinstance(value, dict)
        return value

    def sign(self, key: str, statement: dict[str, Any], keys: tuple[PublicKey, ...] | None = None) -> None:
        """Put a statement, signed by the archive's own keys, in an object's place."""
        keys = keys or self.archive.context().ledger().keys
        signers = self.archive.context().signers(keys)
        self.path(key).write_bytes(sign_payload(canonical.encode(statement), signers).to_bytes())

    def signatures(self, key: str, edit: Callable[[Envelope], Envelope]) -> None:
        """Change an envelope around the same payload."""
        self.change(key, lambda data: edit(parse_envelope(data, where=key)).to_bytes())

    def make_consistent(self) -> None:
        """Let pack.json and SHA256SUMS agree with what is there now: nobody signs them."""
        entries = sorted(self.path("ledger").glob("*.dsse.json"))
        index = json.loads((self.folder / "pack.json").read_text())
        if entries:
            digest = sha256(entries[-1].read_bytes()).hexdigest()
            index["head"] = {"sequence": len(entries) - 1, "sha256": digest}
        (self.folder / "pack.json").write_bytes(canonical.encode(index))
        names = sorted(
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()
        )
        sums = [
            f"{sha256((self.folder / name).read_bytes()).hexdigest()}  {name}\n"
            for name in names
            if name != "SHA256SUMS"
        ]
        (self.folder / "SHA256SUMS").write_text("".join(sums))

    def append(self, statement: dict[str, Any], keys: tuple[PublicKey, ...] | None = None) -> None:
        """One more entry, linked as it must be and signed by the archive's keys."""
        entries = sorted(self.path("ledger").glob("*.dsse.json"))
        previous = sha256(entries[-1].read_bytes()).hexdigest()
        statement["predicate"] |= {"sequence": len(entries), "previous": previous}
        if statement["subject"][0]["name"].startswith("ledger/"):
            statement["subject"] = [{"name": ledger_key(len(entries) - 1), "digest": {"sha256": previous}}]
        self.sign(ledger_key(len(entries)), statement, keys)
