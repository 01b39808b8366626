"""Signatures: exactly the believed keys, with allowed algorithms, over exactly these bytes."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature, parse_envelope
from audit_trail.evidence.public_key import PublicKey
from audit_trail.settings import Settings
from audit_trail.signing.cryptographic_processor import CryptographicProcessor
from audit_trail.signing.key_schemes import check_public_key
from audit_trail.signing.local_keys import SigningKey, key_id
from audit_trail.signing.signatures import load_signers, sign_payload, verify_envelope

Keyed = tuple[Settings, tuple[SigningKey, ...]]
PAYLOAD = b'{"what":"a statement"}'
ALGORITHMS = {"rsassa-pss-sha256", "ml-dsa-65/1"}


@pytest.fixture(scope="module")
def keys(keyed: Keyed) -> tuple[PublicKey, ...]:
    return tuple(key.public_key for key in keyed[1])


@pytest.fixture(scope="module")
def signed(keyed: Keyed) -> Envelope:
    return sign_payload(PAYLOAD, load_signers(keyed[0]))


def verify(
    envelope: Envelope,
    keys: tuple[PublicKey, ...],
    algorithms: set[str] | frozenset[str] = frozenset(ALGORITHMS),
) -> None:
    verify_envelope(envelope, keys=keys, algorithms=algorithms, where="ledger/7")


def refusal(
    envelope: Envelope, keys: tuple[PublicKey, ...], algorithms: set[str] | None = None
) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        verify(envelope, keys, ALGORITHMS if algorithms is None else algorithms)
    assert caught.value.where == "ledger/7"
    return caught.value


def with_signatures(envelope: Envelope, change: Callable[[Signature], bytes]) -> Envelope:
    signatures = tuple(Signature(keyid=item.keyid, sig=change(item)) for item in envelope.signatures)
    return Envelope(payload=envelope.payload, signatures=signatures)


def by_type(keys: tuple[PublicKey, ...], keytype: str) -> PublicKey:
    return next(key for key in keys if key.keytype == keytype)


def public_key(private: Any, **changes: str) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    fields = {"keyid": key_id(public), "keytype": "rsa", "scheme": "rsassa-pss-sha256", "public": pem}
    return PublicKey.model_validate(fields | changes)


def test_what_every_key_signed_is_believed(signed: Envelope, keys: tuple[PublicKey, ...]) -> None:
    verify(signed, keys)
    verify(parse_envelope(signed.to_bytes(), where="x"), tuple(reversed(keys)))
    assert [item.keyid for item in signed.signatures] == sorted(key.keyid for key in keys)


def test_signatures_are_ordered_whatever_the_order_of_signers(keyed: Keyed) -> None:
    backwards = sign_payload(PAYLOAD, reversed(load_signers(keyed[0])))
    assert parse_envelope(backwards.to_bytes(), where="x") == backwards


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_accepts_the_rsa_signature_over_what_was_signed(
    signed: Envelope, keys: tuple[PublicKey, ...], tmp_path: Path
) -> None:
    """The auditor's path: no code of this package is run."""
    rsa = by_type(keys, "rsa")
    (tmp_path / "key.pem").write_text(rsa.public)
    (tmp_path / "sig").write_bytes(next(item.sig for item in signed.signatures if item.keyid == rsa.keyid))

    def dgst(data: bytes) -> str:
        (tmp_path / "data").write_bytes(data)
        command = [
            "openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss",
            "-sigopt", "rsa_pss_saltlen:digest", "-sigopt", "rsa_mgf1_md:sha256",
            "-verify", "key.pem", "-signature", "sig", "data",
        ]  # fmt: skip
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False
        ).stdout.strip()

    assert dgst(b"DSSEv1 28 application/vnd.in-toto+json %d " % len(PAYLOAD) + PAYLOAD) == "Verified OK"
    assert dgst(PAYLOAD) == "Verification failure"


@pytest.mark.parametrize("keytype", ["rsa", "ml-dsa"])
def test_a_missing_signature_is_refused(signed: Envelope, keys: tuple[PublicKey, ...], keytype: str) -> None:
    lost = by_type(keys, keytype).keyid
    rest = tuple(item for item in signed.signatures if item.keyid != lost)
    assert "exactly the keys" in refusal(Envelope(payload=PAYLOAD, signatures=rest), keys).what


def test_no_signature_is_refused_even_where_no_key_is_believed_but_one(
    signed: Envelope, keys: tuple[PublicKey, ...]
) -> None:
    refusal(Envelope(payload=PAYLOAD, signatures=()), keys)
    refusal(signed, ())


def test_an_extra_signature_is_refused(signed: Envelope, keys: tuple[PublicKey, ...]) -> None:
    extra = (*signed.signatures, Signature(keyid="f" * 64, sig=b"x"))
    assert "f" * 16 in refusal(Envelope(payload=PAYLOAD, signatures=extra), keys).found
    refusal(signed, keys[:1])


def test_an_unknown_key_is_refused(signed: Envelope, keys: tuple[PublicKey, ...]) -> None:
    stranger = PublicKey.model_validate(keys[0].model_dump() | {"keyid": "0" * 64})
    refusal(signed, (stranger, keys[1]))


def test_swapped_signatures_are_refused(signed: Envelope, keys: tuple[PublicKey, ...]) -> None:
    one, other = signed.signatures
    swapped = with_signatures(signed, lambda item: other.sig if item is one else one.sig)
    assert "does not verify" in refusal(swapped, keys).what


@pytest.mark.parametrize("keytype", ["rsa", "ml-dsa"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda sig: b"", id="empty"),
        pytest.param(lambda sig: sig[:-1], id="cut"),
        pytest.param(lambda sig: sig + b"\x00", id="longer"),
        pytest.param(lambda sig: sig[:-1] + bytes([sig[-1] ^ 1]), id="last bit"),
        pytest.param(lambda sig: bytes([sig[0] ^ 1]) + sig[1:], id="first byte"),
        pytest.param(lambda sig: b"\x00" * len(sig), id="zeros"),
    ],
)
def test_one_damaged_signature_is_enough(
    signed: Envelope, keys: tuple[PublicKey, ...], keytype: str, damage: Callable[[bytes], bytes]
) -> None:
    key = by_type(keys, keytype)
    damaged = with_signatures(signed, lambda item: damage(item.sig) if item.keyid == key.keyid else item.sig)
    error = refusal(damaged, keys)
    assert key.scheme in error.expected
    assert key.keyid[:16] in error.expected


@pytest.mark.parametrize("payload", [b"", PAYLOAD + b" ", PAYLOAD[:-1], PAYLOAD.replace(b"a", b"b", 1)])
def test_a_changed_payload_is_refused(signed: Envelope, keys: tuple[PublicKey, ...], payload: bytes) -> None:
    refusal(Envelope(payload=payload, signatures=signed.signatures), keys)


@pytest.mark.parametrize("algorithms", [set(), {"rsassa-pss-sha256"}, {"ml-dsa-65/1"}, {"ed25519"}])
def test_an_algorithm_that_genesis_does_not_allow_is_refused(
    signed: Envelope, keys: tuple[PublicKey, ...], algorithms: set[str]
) -> None:
    assert "not allowed" in refusal(signed, keys, algorithms).what


def test_a_key_believed_under_another_scheme_does_not_verify(
    signed: Envelope, keys: tuple[PublicKey, ...]
) -> None:
    rsa, mldsa = by_type(keys, "rsa"), by_type(keys, "ml-dsa")
    confused = PublicKey.model_validate(rsa.model_dump() | {"scheme": "ml-dsa-65/1"})
    refusal(signed, (confused, mldsa))


@pytest.mark.parametrize(
    "pem", ["not a key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "é"]
)
def test_a_key_that_cannot_be_read_verifies_nothing(
    signed: Envelope, keys: tuple[PublicKey, ...], pem: str
) -> None:
    broken = tuple(PublicKey.model_validate(key.model_dump() | {"public": pem}) for key in keys)
    refusal(signed, broken)
    with pytest.raises(IntegrityError):
        check_public_key(broken[0], where="genesis")


def test_genuine_keys_are_accepted(keys: tuple[PublicKey, ...]) -> None:
    for key in keys:
        check_public_key(key, where="genesis")


def test_a_key_whose_id_is_not_its_digest_is_refused(keys: tuple[PublicKey, ...]) -> None:
    one, other = keys
    for changes in ({"keyid": other.keyid}, {"keyid": "0" * 64}, {"public": other.public}):
        with pytest.raises(IntegrityError, match="not the one that its id") as caught:
            check_public_key(PublicKey.model_validate(one.model_dump() | changes), where="genesis")
        assert caught.value.where == "genesis"


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_too_short_rsa_key_is_refused(bits: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = public_key(rsa.generate_private_key(public_exponent=65537, key_size=bits))
    with pytest.raises(IntegrityError, match="too short") as caught:
        check_public_key(key, where="genesis")
    assert (caught.value.expected, caught.value.found) == ("2048 bits", f"{bits} bits")


def test_a_key_of_another_type_than_its_scheme_is_refused(keys: tuple[PublicKey, ...]) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    rsa, mldsa = by_type(keys, "rsa"), by_type(keys, "ml-dsa")
    wrong = [
        PublicKey.model_validate(rsa.model_dump() | {"scheme": "ml-dsa-65/1"}),
        PublicKey.model_validate(rsa.model_dump() | {"scheme": "ml-dsa-65/1", "keytype": "ml-dsa"}),
        PublicKey.model_validate(mldsa.model_dump() | {"scheme": "rsassa-pss-sha256"}),
        PublicKey.model_validate(rsa.model_dump() | {"keytype": "ml-dsa"}),
        PublicKey.model_validate(mldsa.model_dump() | {"keytype": "rsa"}),
        public_key(generate_private_key(SECP256R1())),
        public_key(Ed25519PrivateKey.generate()),
        public_key(MLDSA44PrivateKey.generate(), scheme="ml-dsa-65/1", keytype="ml-dsa"),
    ]
    for key in wrong:
        with pytest.raises(IntegrityError, match="not the one that its id and scheme name"):
            check_public_key(key, where="genesis")


def test_the_processor_signs_and_verifies(keyed: Keyed, keys: tuple[PublicKey, ...], tmp_path: Path) -> None:
    processor = CryptographicProcessor(keyed[0])
    envelope = processor.sign(PAYLOAD)
    assert processor.public_keys() == keys
    assert processor.verify(envelope) == processor.verify(envelope, keys=keys) == PAYLOAD
    assert processor.is_signed(envelope)
    assert not processor.is_signed(envelope, keys=keys[:1])
    assert not processor.is_signed(envelope, keys=())
    assert not processor.is_signed(b"not an envelope")


def test_the_processor_hashes_files(keyed: Keyed, tmp_path: Path) -> None:
    from audit_trail.errors import StorageError

    path = tmp_path / "file"
    path.write_bytes(b"abc")
    processor = CryptographicProcessor(keyed[0])
    assert processor.hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(StorageError, match="cannot be read"):
        processor.hash_file(tmp_path / "missing")


def test_a_key_of_an_algorithm_that_nobody_knows_is_refused(keys: tuple[PublicKey, ...]) -> None:
    """No error of a library gets out: this one, a SubjectPublicKeyInfo of OID 1.2.3.4, has its own."""
    der = bytes.fromhex("300b300506032a030403020000")
    pem = f"-----BEGIN PUBLIC KEY-----\n{b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"
    unknown = PublicKey.model_validate(keys[0].model_dump() | {"public": pem})
    with pytest.raises(IntegrityError, match="cannot be read"):
        check_public_key(unknown, where="genesis")
