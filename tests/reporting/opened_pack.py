"""An unpacked pack, the script run on it in a bare environment, and what a forger makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
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
STAND_IN = f"""#!{sys.executable}
# OpenSSL 3.5 as far as verify.sh asks for it; everything else goes to the one that is here.
import os, sys
arguments = sys.argv[1:]
if arguments == ["list", "-signature-algorithms"]:
    print("  {{ 2.16.840.1.101.3.4.3.18, id-ml-dsa-65, ML-DSA-65, MLDSA65 }} @ default")
elif arguments[:1] == ["pkeyutl"]:
    names = ["pkeyutl", "-verify", "-pubin", "-inkey", None, "-rawin", "-in", None, "-sigfile", None]
    assert len(arguments) == len(names) and all(n in (None, a) for n, a in zip(names, arguments))
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    key, signed, signature = (open(arguments[number], "rb").read() for number in (4, 7, 9))
    try:
        load_pem_public_key(key).verify(signature, signed)
    except InvalidSignature:
        sys.exit(1)
else:
    os.execv({shutil.which("openssl")!r}, ["openssl", *arguments])
"""


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
    stand_in: Path | None = None

    def verify(
        self, *, genesis: str | None = None, last: str | None = None, authority: Path | None = None
    ) -> Verdict:
        """Run the script with nothing but a path, from another folder."""
        path = f"{self.stand_in}:/usr/bin:/bin" if self.stand_in else "/usr/bin:/bin"
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


def make_stand_in(folder: Path) -> Path:
    """A folder with an `openssl` that knows ML-DSA, for where the real one is too old."""
    folder.mkdir()
    (folder / "openssl").write_text(STAND_IN)
    (folder / "openssl").chmod(0o755)
    return folder
