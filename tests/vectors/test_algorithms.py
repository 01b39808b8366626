"""An archive founded with a key of every algorithm there is, and rotated, made once by version 1."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from tests.vectors.golden_archive import ALGORITHMS

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import Scheme
from audit_trail.verification.ledger_walk import LedgerView, walk

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return ALGORITHMS.view()


def test_it_is_believed_by_every_algorithm(view: LedgerView) -> None:
    assert [sorted(key.scheme for key in era.keys) for era in view.history.eras] == [
        sorted(get_args(Scheme))
    ] * 2


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_accepts_the_signatures_that_any_openssl_knows(view: LedgerView, tmp_path: Path) -> None:
    envelope = parse_envelope(ALGORITHMS.entries()[1].data, where="x")
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
        walk(ALGORITHMS.entries(ALGORITHMS.count - 1, without), ALGORITHMS.genesis)
    assert caught.value.where == ledger_key(ALGORITHMS.count - 1)


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

    alone = walk(ALGORITHMS.entries(1, twisted)[:2], ALGORITHMS.genesis)
    assert alone.gaps == {day: gap for day, gap in view.gaps.items() if day == "2026-11-23"}
    with pytest.raises(IntegrityError) as caught:
        walk(ALGORITHMS.entries(1, twisted), ALGORITHMS.genesis)
    assert caught.value.where == ledger_key(2)
