"""Keys in a transit engine, over HTTP: OpenBao where it is installed, a stand-in elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.signing.transit_engine import TOKEN, OpenBao, TransitDouble

from audit_trail.errors import AuditTrailError, ConfigurationError, IntegrityError, StorageError
from audit_trail.settings import Settings
from audit_trail.signing.keys_by_uri import import_keys
from audit_trail.signing.local_keys import generate_keys
from audit_trail.signing.signatures import load_signers, sign_payload, verify_envelope

Engine = TransitDouble | OpenBao
Make = Callable[..., Settings]


def settings_for(make: Make, engine: Engine, uri: str, **signing: object) -> Settings:
    chosen = {"key_uris": [uri], "vault_url": engine.url, "vault_token": TOKEN, "post_quantum": False}
    return make(signing=chosen | signing)


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("ed25519", "ed25519"),
        ("ecdsa-p256", "ecdsa-sha2-nistp256"),
        ("rsa-2048", "rsassa-pss-sha256"),
    ],
)
def test_a_key_is_imported_in_its_newest_version_and_signs(
    settings_with: Make, transit: Engine, kind: str, scheme: str
) -> None:
    transit.make(f"seal-{kind}", kind)
    transit.rotate(f"seal-{kind}")
    settings = settings_for(settings_with, transit, f"hv:seal-{kind}")
    (key,) = generate_keys(settings)
    assert (key.uri, key.public_key.scheme) == (f"hv:seal-{kind}/2", scheme)
    signed = sign_payload(b"{}", load_signers(settings))
    verify_envelope(signed, keys=[key.public_key], algorithms={scheme}, where="x")
    transit.rotate(f"seal-{kind}")
    again = sign_payload(b"{}", load_signers(settings))
    verify_envelope(again, keys=[key.public_key], algorithms={scheme}, where="x")
    (older,) = import_keys(settings_for(settings_with, transit, f"hv:seal-{kind}/1"))
    with pytest.raises(IntegrityError):
        verify_envelope(signed, keys=[older.public_key], algorithms={scheme}, where="x")


@pytest.mark.parametrize("kind", ["ecdsa-p384", "aes256-gcm96"])
def test_a_key_that_cannot_sign_here_is_refused(settings_with: Make, transit: Engine, kind: str) -> None:
    transit.make(f"other-{kind}", kind)
    with pytest.raises(ConfigurationError, match="of no kind that an archive can sign with") as caught:
        generate_keys(settings_for(settings_with, transit, f"hv:other-{kind}"))
    assert caught.value.found == kind
    assert not settings_with().keys.exists()


def test_what_is_not_there_or_not_allowed_is_said_without_the_token(
    settings_with: Make, transit: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transit.make("one", "ed25519")
    secret = "not-the-token-at-all"

    def refused(kind: type[AuditTrailError], uri: str, **signing: object) -> str:
        with pytest.raises(kind) as caught:
            import_keys(settings_for(settings_with, transit, uri, **signing))
        for shown in (caught.value, caught.value.__cause__, caught.value.__context__):
            assert TOKEN not in f"{shown} {shown!r}"
            assert secret not in f"{shown} {shown!r}"
        return str(caught.value)

    assert "hv:one" in refused(StorageError, "hv:one", vault_token=secret)
    assert "hv:two" in refused(StorageError, "hv:two")
    assert "no such version" in refused(ConfigurationError, "hv:one/7")
    assert "ConnectionError" in refused(StorageError, "hv:one", vault_url="http://127.0.0.1:9")
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    assert "VAULT_ADDR" in refused(ConfigurationError, "hv:one", vault_url=None)
    assert "VAULT_TOKEN" in refused(ConfigurationError, "hv:one", vault_token=None)
    path = tmp_path / "token"
    path.write_text(secret)
    path.chmod(0o644)
    assert "can be read by others" in refused(
        ConfigurationError, "hv:one", vault_token=None, vault_token_file=path
    )
    path.chmod(0o600)
    assert "hv:one" in refused(StorageError, "hv:one", vault_token=None, vault_token_file=path)
    path.write_text(f"{TOKEN}\n")
    assert import_keys(
        settings_for(settings_with, transit, "hv:one", vault_token=None, vault_token_file=path)
    )


def test_vaults_own_environment_is_enough(
    settings_with: Make, transit: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    transit.make("ambient", "ed25519")
    monkeypatch.setenv("VAULT_ADDR", transit.url)
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    (key,) = import_keys(settings_with(signing={"key_uris": ["hv:ambient"]}))
    assert key.uri == "hv:ambient/1"


def test_a_library_that_is_not_installed_is_named(
    settings_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import audit_trail.signing.vault_keys

    monkeypatch.delattr(audit_trail.signing, "vault_keys")
    monkeypatch.delitem(sys.modules, "audit_trail.signing.vault_keys")
    monkeypatch.setitem(sys.modules, "hvac", None)
    with pytest.raises(ConfigurationError, match="is not installed") as caught:
        import_keys(settings_with(signing={"key_uris": ["hv:one"]}))
    assert caught.value.found == "hvac"
    assert "securesystemslib[awskms,hsm,vault]" in caught.value.remedy
