"""The schemes that an archive may be founded with: signed, verified, and checked by openssl."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature
from audit_trail.evidence.public_key import PublicKey, Scheme
from audit_trail.settings import Settings
from audit_trail.signing.key_index import write_index
from audit_trail.signing.key_schemes import KEY_TYPES, check_public_key, described, generate_private_key
from audit_trail.signing.local_keys import make_key, make_passphrase
from audit_trail.signing.signatures import load_signers, sign_payload, verify_envelope

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
CLASSIC = {
    "rsassa-pss-sha256": ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss"],
    "ecdsa-sha2-nistp256": ["dgst", "-sha256"],
    "ecdsa-sha2-nistp384": ["dgst", "-sha384"],
    "ed25519": ["pkeyutl"],
}
Made = dict[str, tuple[PublicKey, Envelope]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A local key of each scheme, and what it signed."""
    from audit_trail.settings import load_settings

    settings = load_settings(home=tmp_path_factory.mktemp("schemes"))
    make_passphrase(settings)
    write_index(settings, ())
    found = {}
    for scheme in SCHEMES:
        key = make_key(settings, scheme).public_key
        found[str(scheme)] = (key, sign_payload(b'{"a":1}', load_signers(settings, [key.keyid])))
    return found


def test_every_scheme_has_a_key_type() -> None:
    assert set(KEY_TYPES) == set(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_local_key_of_each_scheme_signs_and_is_believed(made: Made, scheme: str) -> None:
    key, envelope = made[scheme]
    check_public_key(key, where="genesis")
    assert key.keytype == KEY_TYPES[key.scheme]
    verify_envelope(envelope, keys=[key], algorithms={scheme}, where="x")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_signature_of_each_scheme_is_refused(made: Made, scheme: str, place: int) -> None:
    key, envelope = made[scheme]
    damaged = bytearray(envelope.signatures[0].sig)
    damaged[place] ^= 1
    for sig in (bytes(damaged), b"", envelope.signatures[0].sig[:-1]):
        forged = Envelope(payload=envelope.payload, signatures=(Signature(keyid=key.keyid, sig=sig),))
        with pytest.raises(IntegrityError, match="does not verify"):
            verify_envelope(forged, keys=[key], algorithms={scheme}, where="x")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_signature_of_another_payload_is_refused(made: Made, scheme: str) -> None:
    key, envelope = made[scheme]
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_envelope(
            Envelope(payload=b'{"a":2}', signatures=envelope.signatures),
            keys=[key],
            algorithms={scheme},
            where="x",
        )


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("scheme", CLASSIC)
def test_openssl_accepts_it(made: Made, scheme: str, tmp_path: Path) -> None:
    key, envelope = made[scheme]
    (tmp_path / "key").write_text(key.public)
    (tmp_path / "sig").write_bytes(envelope.signatures[0].sig)
    if scheme == "ed25519":
        rest = ["-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "data", "-sigfile", "sig"]
    else:
        rest = ["-verify", "key", "-signature", "sig", "data"]
    for data, status in ((envelope.signed_bytes(), 0), (envelope.payload, 1)):
        (tmp_path / "data").write_bytes(data)
        done = subprocess.run(
            ["openssl", *CLASSIC[scheme], *rest], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("other", SCHEMES)
def test_a_key_is_of_its_own_scheme_alone(made: Made, scheme: str, other: Scheme) -> None:
    key = made[scheme][0]
    changed = PublicKey.model_validate(key.model_dump() | {"scheme": other, "keytype": KEY_TYPES[other]})
    if other == scheme:
        check_public_key(changed, where="genesis")
        return
    with pytest.raises(IntegrityError, match="not the one that its id and scheme name"):
        check_public_key(changed, where="genesis")


def test_keys_of_other_curves_are_described_by_nothing() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, mldsa

    for private in (
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        mldsa.MLDSA87PrivateKey.generate(),
    ):
        assert described(private.public_key()) is None


def pem(der: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


def compressed(key: PublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    public: Any = load_pem_public_key(key.public.encode())
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return pem(bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point)


@pytest.mark.parametrize(
    "spelt",
    [
        pytest.param(compressed, id="compressed point"),
        pytest.param(lambda key: "a note\n" + key.public, id="text before"),
        pytest.param(lambda key: key.public + key.public, id="twice"),
    ],
)
def test_a_key_has_one_spelling(made: Made, spelt: Callable[[PublicKey], str]) -> None:
    """Else one verifier would hash other bytes than another."""
    key = made["ecdsa-sha2-nistp256"][0]
    changed = PublicKey.model_validate(key.model_dump() | {"public": spelt(key)})
    with pytest.raises(IntegrityError, match="public key"):
        check_public_key(changed, where="genesis")


def test_an_ed25519_key_that_cannot_be_read_verifies_nothing(made: Made) -> None:
    key, envelope = made["ed25519"]
    for public in ("nonsense", made["rsassa-pss-sha256"][0].public):
        broken = PublicKey.model_validate(key.model_dump() | {"public": public})
        with pytest.raises(IntegrityError, match="does not verify"):
            verify_envelope(envelope, keys=[broken], algorithms={"ed25519"}, where="x")


def test_a_new_key_of_each_scheme_is_of_it(settings_with: Callable[..., Settings]) -> None:
    for scheme in SCHEMES:
        public = described(generate_private_key(scheme, rsa_bits=2048).public_key())
        assert public is not None
        assert public.scheme == scheme
