"""Keys on a PKCS#11 token: SoftHSM."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.signing.pkcs11_tokens import SoftToken

from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.settings import Settings
from audit_trail.signing.keys_by_uri import import_keys
from audit_trail.signing.local_keys import generate_keys
from audit_trail.signing.signatures import load_signers, sign_payload, verify_envelope

Make = Callable[..., Settings]
WRONG_PIN = "wrong-pin-1357"


def settings_for(make: Make, token: SoftToken, *uris: str, **signing: object) -> Settings:
    chosen = {"key_uris": uris, "pkcs11_module": token.module, "hsm_pin": token.PIN, "post_quantum": False}
    return make(signing=chosen | signing)


@pytest.mark.parametrize(
    ("key_id", "scheme", "digest"),
    [("02", "ecdsa-sha2-nistp256", "-sha256"), ("03", "ecdsa-sha2-nistp384", "-sha384")],
)
def test_a_key_of_a_token_signs_what_openssl_accepts(
    settings_with: Make, soft_token: SoftToken, tmp_path: Path, key_id: str, scheme: str, digest: str
) -> None:
    settings = settings_for(settings_with, soft_token, soft_token.uri(key_id))
    (key,) = generate_keys(settings)
    assert (key.uri, key.public_key.scheme) == (soft_token.uri(key_id), scheme)
    assert [path.name for path in settings.keys.iterdir()] == ["signing-keys.json"]
    envelope = sign_payload(b'{"a":1}', load_signers(settings))
    verify_envelope(envelope, keys=[key.public_key], algorithms={scheme}, where="x")
    (tmp_path / "key").write_text(key.public_key.public)
    (tmp_path / "sig").write_bytes(envelope.signatures[0].sig)
    (tmp_path / "data").write_bytes(envelope.signed_bytes())
    command = ["openssl", "dgst", digest, "-verify", "key", "-signature", "sig", "data"]
    assert shutil.which("openssl")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


def test_two_keys_of_one_algorithm_are_one_too_many(settings_with: Make, soft_token: SoftToken) -> None:
    settings = settings_for(settings_with, soft_token, soft_token.uri("02"), soft_token.uri("04"))
    with pytest.raises(ConfigurationError, match="two key URIs name keys of one algorithm"):
        generate_keys(settings)


def test_a_key_uri_joins_keys_that_are_there_and_only_once(
    settings_with: Make, soft_token: SoftToken
) -> None:
    passphrase = {"passphrase": "correct-horse-battery-staple"}
    (local,) = generate_keys(settings_with(signing={"post_quantum": False, **passphrase}))
    settings = settings_for(settings_with, soft_token, soft_token.uri("02"), **passphrase)
    (added,) = generate_keys(settings)
    assert len(load_signers(settings)) == 2
    assert {local.public_key.scheme, added.public_key.scheme} == {"rsassa-pss-sha256", "ecdsa-sha2-nistp256"}
    with pytest.raises(ConfigurationError, match="there are signing keys already"):
        generate_keys(settings)


def test_a_wrong_pin_is_for_a_person_and_is_never_shown(
    settings_with: Make, soft_token: SoftToken, tmp_path: Path
) -> None:
    """A token locks itself after a few tries: no retry may use them up."""
    path = tmp_path / "pin"
    path.write_text(WRONG_PIN)
    path.chmod(0o600)
    generate_keys(settings_for(settings_with, soft_token, soft_token.uri("02")))
    for chosen in ({"hsm_pin": WRONG_PIN}, {"hsm_pin": None, "hsm_pin_file": path}):
        settings = settings_for(settings_with, soft_token, soft_token.uri("02"), **chosen)
        with pytest.raises(ConfigurationError, match="does not take the PIN") as caught:
            sign_payload(b"{}", load_signers(settings))
        assert WRONG_PIN not in f"{caught.value} {caught.value.__cause__!r} {settings!r}"
    path.write_text(f"{soft_token.PIN}\n")
    sign_payload(b"{}", load_signers(settings))


def test_what_is_missing_is_named(settings_with: Make, soft_token: SoftToken, tmp_path: Path) -> None:
    def refused(kind: type[AuditTrailError], uri: str, **signing: object) -> str:
        with pytest.raises(kind) as caught:
            import_keys(settings_for(settings_with, soft_token, uri, **signing))
        assert soft_token.PIN not in str(caught.value)
        return str(caught.value)

    assert "could not find ECDSA key" in refused(StorageError, soft_token.uri("0A"))
    assert "No PKCS#11 token found" in refused(StorageError, "pkcs11:token=none;id=%02")
    nowhere = tmp_path / "none.so"
    assert "signing.pkcs11_module" in refused(ConfigurationError, soft_token.uri("02"), pkcs11_module=nowhere)
    generate_keys(settings_for(settings_with, soft_token, soft_token.uri("02")))
    with pytest.raises(ConfigurationError, match="there is no PIN"):
        load_signers(settings_for(settings_with, soft_token, soft_token.uri("02"), hsm_pin=None))
