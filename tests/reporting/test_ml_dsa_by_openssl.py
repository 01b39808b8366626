"""The ML-DSA signatures of a pack, checked and made by OpenSSL: nothing of ours decides here.

All is done to the newest entry, whose digest nobody has on paper: only its signatures tell.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.opened_pack import OpenedPack, needs_tools

from audit_trail.evidence.envelope import Envelope, Signature, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.signing.local_keys import held_keys, load_private_key

pytestmark = needs_tools
SIGNATURE_BYTES = 3309
"""FIPS 204, table 2."""


def key_of(pack: OpenedPack) -> PublicKey:
    """The ML-DSA key that is believed at the end."""
    return next(key for key in pack.archive.context().ledger().keys if key.scheme == "ml-dsa-65/1")


def private_key_of(pack: OpenedPack) -> Any:
    """What whoever took it has."""
    settings = pack.archive.context().settings
    (key,) = (key for key in held_keys(settings) if key.public_key == key_of(pack))
    return load_private_key(key, settings)


def newest(pack: OpenedPack) -> str:
    return ledger_key(pack.archive.context().ledger().head.sequence)


def signature_over(pack: OpenedPack, key: str) -> bytes:
    envelope = parse_envelope(pack.path(key).read_bytes(), where=key)
    return next(item.sig for item in envelope.signatures if item.keyid == key_of(pack).keyid)


def signed_bytes(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding, written down once more."""
    return b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)


def prepared(payload: bytes) -> bytes:
    """What a key of this scheme signs: TAP 21 of The Update Framework."""
    return b"tuf\x01" + sha512(signed_bytes(payload)).digest()


def replace_signature(pack: OpenedPack, sign: Callable[[bytes], bytes]) -> None:
    """Let another ML-DSA signature stand over the newest entry; the RSA one stays."""
    keyid = key_of(pack).keyid

    def edit(old: Envelope) -> Envelope:
        signatures = (
            Signature(keyid=keyid, sig=sign(old.payload)) if item.keyid == keyid else item
            for item in old.signatures
        )
        return Envelope(payload=old.payload, signatures=tuple(signatures))

    pack.signatures(newest(pack), edit)
    pack.make_consistent()


def only_ml_dsa_fails(pack: OpenedPack) -> None:
    verdict = pack.verify()
    assert (verdict.status, verdict.failed) == (1, {"ML-DSA signatures"}), verdict.out
    assert re.search(r"^FAIL +ML-DSA signatures +1 of 20$", verdict.out, re.MULTILINE)
    assert re.search(r"^PASS +RSA-PSS signatures +20$", verdict.out, re.MULTILINE)


def test_a_signature_that_openssl_makes_is_as_good_as_ours(
    complete: OpenedPack, ml_dsa_openssl: Path, tmp_path: Path
) -> None:
    """Key file, preparation and signature are the standard's."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key, signed = tmp_path / "key", tmp_path / "signed"
    key.write_bytes(private_key_of(complete).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def sign(payload: bytes) -> bytes:
        signed.write_bytes(prepared(payload))
        command = [ml_dsa_openssl, "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", signed]
        return subprocess.run(command, capture_output=True, check=True).stdout

    ours = signature_over(complete, newest(complete))
    replace_signature(complete, sign)
    assert signature_over(complete, newest(complete)) != ours
    verdict = complete.verify()
    assert verdict.status == 0, verdict.out
    assert re.search(r"^PASS +ML-DSA signatures +20$", verdict.out, re.MULTILINE)


@pytest.mark.parametrize("byte", [0, SIGNATURE_BYTES // 2, SIGNATURE_BYTES - 1])
def test_one_bit_changed(complete: OpenedPack, byte: int) -> None:
    changed = bytearray(signature_over(complete, newest(complete)))
    assert len(changed) == SIGNATURE_BYTES
    changed[byte] ^= 1
    replace_signature(complete, lambda _: bytes(changed))
    only_ml_dsa_fails(complete)


def test_the_signature_of_another_entry(complete: OpenedPack) -> None:
    number = complete.archive.context().ledger().head.sequence
    other = signature_over(complete, ledger_key(number - 1))
    replace_signature(complete, lambda _: other)
    only_ml_dsa_fails(complete)


def test_a_signature_by_another_key_under_the_believed_ones_id(complete: OpenedPack) -> None:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

    forger = MLDSA65PrivateKey.generate()
    replace_signature(complete, lambda payload: forger.sign(prepared(payload)))
    only_ml_dsa_fails(complete)


def test_a_signature_over_the_bytes_themselves_is_of_another_scheme(complete: OpenedPack) -> None:
    """By the right key. What may be signed, and how, is the scheme's to say, not the signer's."""
    own = private_key_of(complete)
    replace_signature(complete, lambda payload: own.sign(signed_bytes(payload)))
    only_ml_dsa_fails(complete)


def test_a_signature_with_a_context_is_of_another_scheme(complete: OpenedPack) -> None:
    own = private_key_of(complete)
    replace_signature(complete, lambda payload: own.sign(prepared(payload), b"context"))
    only_ml_dsa_fails(complete)


def test_stripped(complete: OpenedPack) -> None:
    keyid = key_of(complete).keyid

    def edit(old: Envelope) -> Envelope:
        kept = tuple(item for item in old.signatures if item.keyid != keyid)
        return Envelope(payload=old.payload, signatures=kept)

    complete.signatures(newest(complete), edit)
    complete.make_consistent()
    verdict = complete.verify()
    assert (verdict.status, verdict.failed) == (1, {"signers"}), verdict.out


def test_a_key_id_is_the_digest_of_what_openssl_reads(complete: OpenedPack, ml_dsa_openssl: Path) -> None:
    command = [ml_dsa_openssl, "pkey", "-pubin", "-outform", "DER"]
    pem = key_of(complete).public.encode()
    der = subprocess.run(command, input=pem, capture_output=True, check=True).stdout
    assert sha256(der).hexdigest() == key_of(complete).keyid


def test_the_guides_commands_for_it_work(complete: OpenedPack, ml_dsa_openssl: Path) -> None:
    guide = (complete.folder / "VERIFY.md").read_text()
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    commands = [block for block in blocks if "verify.sh" not in block]
    assert sum("pkeyutl" in block for block in commands) == 1
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(commands)],
        cwd=complete.folder,
        env={"PATH": f"{ml_dsa_openssl.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Signature Verified Successfully") == 1
    assert done.stdout.count("Verified OK") == 2
