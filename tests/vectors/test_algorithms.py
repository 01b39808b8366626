"""An archive founded with a key of every algorithm there is, and rotated, made once by version 1."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from audit_trail.archive.ledger import RawEntry
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import Scheme
from audit_trail.verification.ledger_walk import LedgerView, walk

FOLDER = Path(__file__).parent / "v1-algorithms"
# Written down once more, so that the files and their digests cannot change together.
SUMS = "070667f435caa9ee3ca4bb901d978e2b5799605f48256a43b2a420e649425cb8"
GENESIS = "9d556b776a29d77f44068558d47dddba5a301fcc92f32da91cac5e6a7e58b0c2"
HEAD = "a417116b020822a447a7399a32e2f943d98714571bdded0b5f16cae7fd583ce3"
COUNT = 4
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def entries(changed: int | None = None, change: Callable[[bytes], bytes] = bytes) -> list[RawEntry]:
    found = []
    for number in range(COUNT):
        data = (FOLDER / ledger_key(number)).read_bytes()
        data = change(data) if number == changed else data
        found.append(RawEntry(sequence=number, key=ledger_key(number), version_id="v", data=data))
    return found


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return walk(entries(), GENESIS)


def test_no_file_was_added_changed_or_lost() -> None:
    listed = dict(
        line.split("  ", 1)[::-1] for line in (FOLDER / "SHA256SUMS").read_text("ascii").splitlines()
    )
    there = {
        path.relative_to(FOLDER).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert there == listed
    assert sha256((FOLDER / "SHA256SUMS").read_bytes()).hexdigest() == SUMS


def test_it_is_believed_to_its_end_by_every_algorithm(view: LedgerView) -> None:
    assert view.head.sha256 == HEAD
    assert [sorted(key.scheme for key in era.keys) for era in view.history.eras] == [
        sorted(get_args(Scheme))
    ] * 2


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_accepts_the_signatures_that_any_openssl_knows(view: LedgerView, tmp_path: Path) -> None:
    envelope = parse_envelope(entries()[1].data, where="x")
    signatures = {item.keyid: item.sig for item in envelope.signatures}
    keys = {key.scheme: key for key in view.history.eras[0].keys}
    (tmp_path / "data").write_bytes(envelope.signed_bytes())
    files = ["-inkey", "key", "-rawin", "-in", "data", "-sigfile", "sig"]
    for scheme, command in (
        ("rsassa-pss-sha256", ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-verify", "key"]),
        ("ecdsa-sha2-nistp256", ["dgst", "-sha256", "-verify", "key"]),
        ("ecdsa-sha2-nistp384", ["dgst", "-sha384", "-verify", "key"]),
        (
            "ed25519",
            ["pkeyutl", "-verify", "-pubin", *files],
        ),
    ):
        (tmp_path / "key").write_text(keys[scheme].public)
        (tmp_path / "sig").write_bytes(signatures[keys[scheme].keyid])
        rest = ["-signature", "sig", "data"] if command[0] == "dgst" else []
        subprocess.run(["openssl", *command, *rest], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_a_stripped_signature_of_any_algorithm_is_noticed(view: LedgerView, scheme: str) -> None:
    keyid = next(key.keyid for key in view.keys if key.scheme == scheme)

    def without(data: bytes) -> bytes:
        envelope = parse_envelope(data, where="x")
        kept = tuple(item for item in envelope.signatures if item.keyid != keyid)
        return Envelope(payload=envelope.payload, signatures=kept).to_bytes()

    with pytest.raises(IntegrityError, match="exactly the keys") as caught:
        walk(entries(COUNT - 1, without), GENESIS)
    assert caught.value.where == ledger_key(COUNT - 1)


def test_the_second_signature_that_ecdsa_allows_breaks_the_chain_and_nothing_else(view: LedgerView) -> None:
    """Anybody can make it; the entry says the same, and its digest is another: the next one tells."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    keyid = next(key.keyid for key in view.history.eras[0].keys if key.scheme == "ecdsa-sha2-nistp256")

    def other(item: Signature) -> Signature:
        if item.keyid != keyid:
            return item
        r, s = decode_dss_signature(item.sig)
        return Signature(keyid=keyid, sig=encode_dss_signature(r, P256_ORDER - s))

    def twisted(data: bytes) -> bytes:
        envelope = parse_envelope(data, where="x")
        signatures = tuple(other(item) for item in envelope.signatures)
        return Envelope(payload=envelope.payload, signatures=signatures).to_bytes()

    alone = walk(entries(1, twisted)[:2], GENESIS)
    assert alone.gaps == {day: gap for day, gap in view.gaps.items() if day == "2026-11-23"}
    with pytest.raises(IntegrityError) as caught:
        walk(entries(1, twisted), GENESIS)
    assert caught.value.where == ledger_key(2)
