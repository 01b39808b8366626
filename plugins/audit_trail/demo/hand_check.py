"""A day's evidence as plain files, and the commands that check it without this package."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from audit_trail.archive.object_store import ObjectReader
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.ledger_walk import LedgerView

MAX_EVIDENCE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCheck:
    """Where the files are, and what to type there."""

    folder: Path
    commands: tuple[str, ...]


def write_hand_check(store: ObjectReader, view: LedgerView, day: str, folder: Path) -> HandCheck:
    """Lay out a day's last seal: its ledger entry, manifest, first segment and RSA key.

    Each envelope is written with its pre-authentication encoding (`.pae`) and
    its RSA signature (`.sig`), which is what `openssl` takes.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    seal = view.seals_of(day)[-1]
    key = next(key for key in view.history.era_at(seal.sequence).keys if key.keytype == "rsa")
    (folder / "rsa.pub.pem").write_text(key.public, "ascii")
    entry = store.read(ledger_key(seal.sequence), view.versions[seal.sequence], max_bytes=MAX_EVIDENCE_BYTES)
    manifest = store.read(seal.manifest.key, seal.manifest.version_id, max_bytes=MAX_EVIDENCE_BYTES)
    _write_envelope(folder, "ledger-entry", entry, key.keyid)
    envelope = _write_envelope(folder, "manifest", manifest, key.keyid)
    (folder / "manifest.json").write_bytes(envelope.payload)
    sums = [f"{seal.manifest.sha256}  manifest.dsse.json"]
    if seal.objects:
        first = seal.objects[0]
        with (folder / "segment.zst").open("wb") as file:
            file.writelines(store.stream(first.key, first.version_id))
        sums.append(f"{first.sha256}  segment.zst")
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", "ascii")
    verify = "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pub.pem"
    return HandCheck(
        folder=folder,
        commands=(
            f"cd {shlex.quote(str(folder))}",
            "openssl pkey -pubin -in rsa.pub.pem -outform DER | sha256sum   # the key's id",
            f"{verify} -signature ledger-entry.sig ledger-entry.pae",
            f"{verify} -signature manifest.sig manifest.pae",
            "sha256sum -c SHA256SUMS   # the digests that the ledger entry and the manifest name",
        ),
    )


def _write_envelope(folder: Path, name: str, data: bytes, keyid: str) -> Envelope:
    envelope = parse_envelope(data, where=name)
    (folder / f"{name}.dsse.json").write_bytes(data)
    (folder / f"{name}.pae").write_bytes(envelope.signed_bytes())
    signature = next(item for item in envelope.signatures if item.keyid == keyid)
    (folder / f"{name}.sig").write_bytes(signature.sig)
    return envelope
