"""Local keys: encrypted, private to their owner, never overwritten."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.key_schemes import check_public_key
from audit_trail.signing.local_keys import (
    INDEX_NAME,
    PASSPHRASE_NAME,
    SigningKey,
    generate_keys,
    held_keys,
    key_id,
    load_private_key,
    make_passphrase,
    read_passphrase,
)
from audit_trail.signing.signatures import load_signers

SECRET = "not-to-be-shown-anywhere"
Keyed = tuple[Settings, tuple[SigningKey, ...]]
Make = Callable[..., Settings]
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def copied(keyed: Keyed, home: Path, **signing: Any) -> Settings:
    """The session's keys in a folder that may be damaged."""
    shutil.copytree(keyed[0].home, home)
    return load_settings(home=home, signing=signing or keyed[0].signing)


def refusal(action: Callable[[], Any]) -> ConfigurationError:
    """The error, after a look that no secret is in it or anything chained to it."""
    with pytest.raises(ConfigurationError) as caught:
        action()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
    return caught.value


def test_two_keys_are_made_and_found_again(keyed: Keyed) -> None:
    settings, made = keyed
    assert held_keys(settings) == made
    assert {key.public_key.scheme for key in made} == {"rsassa-pss-sha256", "ml-dsa-65/1"}
    for key in made:
        check_public_key(key.public_key, where="index")
        assert key_id(load_private_key(key, settings).public_key()) == key.public_key.keyid
    assert len(load_signers(settings)) == 2


def test_only_the_owner_reads_the_folder_and_the_files(keyed: Keyed) -> None:
    folder = keyed[0].keys
    assert mode(folder) == 0o700
    files = list(folder.iterdir())
    assert {mode(path) for path in files} == {0o600}
    assert len(files) == 5, "two private, two public, one index; nothing temporary is left"


def test_private_keys_are_encrypted_pkcs8(keyed: Keyed) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    settings, made = keyed
    for key in made:
        pem = (settings.keys / key.uri.removeprefix("file:")).read_bytes()
        assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        with pytest.raises(TypeError):
            load_pem_private_key(pem, None)


def test_the_index_holds_public_parts_only(keyed: Keyed) -> None:
    settings, made = keyed
    text = (settings.keys / INDEX_NAME).read_text()
    assert "PRIVATE" not in text
    assert "passphrase" not in text
    assert {name for item in json.loads(text) for name in item} == {"uri", "public_key"}
    for key in made:
        assert key.uri.endswith(f"{key.public_key.keyid[:16]}.pem")


@needs_openssl
def test_a_key_id_is_what_openssl_and_sha256sum_say(keyed: Keyed) -> None:
    for key in keyed[1]:
        if key.public_key.keytype != "rsa":
            continue  # OpenSSL knows ML-DSA from 3.5 on
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "DER"],
            input=key.public_key.public.encode(),
            capture_output=True,
            check=True,
        ).stdout
        assert hashlib.sha256(der).hexdigest() == key.public_key.keyid


def test_a_key_id_is_the_digest_of_the_der_in_its_pem(keyed: Keyed) -> None:
    import base64

    for key in keyed[1]:
        lines = key.public_key.public.splitlines()[1:-1]
        assert hashlib.sha256(base64.b64decode("".join(lines))).hexdigest() == key.public_key.keyid


def test_generating_again_is_refused_and_changes_nothing(keyed: Keyed, tmp_path: Path) -> None:
    settings = copied(keyed, tmp_path / "home")
    before = {path.name: path.read_bytes() for path in settings.keys.iterdir()}
    assert INDEX_NAME in refusal(lambda: generate_keys(settings)).where
    assert {path.name: path.read_bytes() for path in settings.keys.iterdir()} == before


def test_rsa_alone_and_longer_by_setting(settings_with: Make) -> None:
    settings = settings_with(signing={"passphrase": SECRET, "post_quantum": False, "rsa_bits": 3072})
    (key,) = generate_keys(settings)
    assert key.public_key.scheme == "rsassa-pss-sha256"
    assert load_private_key(key, settings).key_size == 3072  # type: ignore[union-attr]


def test_another_passphrase_does_not_open(keyed: Keyed, tmp_path: Path) -> None:
    settings = copied(keyed, tmp_path / "home", passphrase=SECRET)
    error = refusal(lambda: load_signers(settings))
    assert "passphrase" in error.what
    assert error.where.endswith(".pem")


@pytest.mark.parametrize("open_to", [0o040, 0o004, 0o020, 0o644])
def test_a_private_key_that_others_can_read_is_not_used(keyed: Keyed, tmp_path: Path, open_to: int) -> None:
    settings = copied(keyed, tmp_path / "home")
    path = settings.keys / keyed[1][0].uri.removeprefix("file:")
    path.chmod(0o600 | open_to)
    error = refusal(lambda: load_signers(settings))
    assert (error.where, error.remedy) == (str(path), f"chmod 600 {path}")


@pytest.mark.parametrize("damage", [b"", b"not a key", b"\xff\xfe", None])
def test_a_damaged_or_missing_private_key_is_named(
    keyed: Keyed, tmp_path: Path, damage: bytes | None
) -> None:
    settings = copied(keyed, tmp_path / "home")
    path = settings.keys / keyed[1][0].uri.removeprefix("file:")
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
        path.chmod(0o600)
    assert refusal(lambda: load_signers(settings)).where == str(path)


def test_a_private_key_that_is_not_the_public_ones_other_half_is_refused(
    keyed: Keyed, tmp_path: Path
) -> None:
    """What it signed would be in the ledger for ever, and verify nowhere."""
    settings = copied(keyed, tmp_path / "home")
    one, other = (settings.keys / key.uri.removeprefix("file:") for key in keyed[1])
    shutil.copyfile(one, other)
    assert refusal(lambda: load_signers(settings)).where == str(other)


@pytest.mark.parametrize(
    "index", [b"", b"{}", b"[{}]", b"\xff", b'[{"uri":"file:x.pem","public_key":{}}]', b"[" * 100_000]
)
def test_a_damaged_index_is_refused(settings_with: Make, index: bytes) -> None:
    settings = settings_with()
    settings.keys.mkdir(parents=True)
    (settings.keys / INDEX_NAME).write_bytes(index)
    assert refusal(lambda: held_keys(settings)).where == str(settings.keys / INDEX_NAME)


def test_without_keys_the_error_says_how_to_make_them(settings_with: Make) -> None:
    assert "generate-keys" in refusal(lambda: held_keys(settings_with())).remedy


def test_without_a_passphrase_no_key_is_made(settings_with: Make) -> None:
    settings = settings_with()
    assert "AUDIT_TRAIL_SIGNING__PASSPHRASE" in refusal(lambda: generate_keys(settings)).remedy
    assert not settings.keys.exists()


@pytest.mark.parametrize("passphrase", ["", "short", "eleven-char", "   x        "])
def test_a_too_short_passphrase_in_a_file_is_refused(
    settings_with: Make, tmp_path: Path, passphrase: str
) -> None:
    path = tmp_path / "passphrase"
    path.write_text(passphrase + "\n")
    path.chmod(0o600)
    error = refusal(lambda: read_passphrase(settings_with(signing={"passphrase_file": path})))
    assert (error.where, error.expected) == (str(path), "at least 12 characters")


def test_a_too_short_passphrase_in_the_settings_is_refused(settings_with: Make) -> None:
    error = refusal(lambda: generate_keys(settings_with(signing={"passphrase": "elevenchars"})))
    assert "elevenchars" not in str(error)
    assert "too short" in error.what


def test_the_setting_goes_before_the_file_and_the_file_before_the_folder(
    settings_with: Make, tmp_path: Path
) -> None:
    named = tmp_path / "named"
    named.write_text("from-the-named-file\n")
    beside = tmp_path / "home" / "keys" / PASSPHRASE_NAME
    beside.parent.mkdir(parents=True)
    beside.write_text("from-beside-the-keys\n")
    for path in (named, beside):
        path.chmod(0o600)
    assert read_passphrase(settings_with()) == b"from-beside-the-keys"
    assert read_passphrase(settings_with(signing={"passphrase_file": named})) == b"from-the-named-file"
    both = {"passphrase_file": named, "passphrase": "from-the-setting"}
    assert read_passphrase(settings_with(signing=both)) == b"from-the-setting"


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o660])
def test_a_passphrase_file_that_others_can_read_is_refused(
    settings_with: Make, tmp_path: Path, open_to: int
) -> None:
    path = tmp_path / "passphrase"
    path.write_text(SECRET)
    path.chmod(open_to)
    error = refusal(lambda: read_passphrase(settings_with(signing={"passphrase_file": path})))
    assert error.remedy == f"chmod 600 {path}"


def test_a_passphrase_file_that_is_no_text_is_refused_without_its_bytes(
    settings_with: Make, tmp_path: Path
) -> None:
    """A decoding error would carry the whole content."""
    path = tmp_path / "passphrase"
    path.write_bytes(SECRET.encode() + b"\xff")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        read_passphrase(settings_with(signing={"passphrase_file": path}))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)


def test_a_made_passphrase_is_private_long_and_made_once(settings_with: Make) -> None:
    settings = settings_with()
    path = make_passphrase(settings)
    first = read_passphrase(settings)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert len(first) >= 40
    assert make_passphrase(settings) == path
    assert read_passphrase(settings) == first


def test_a_folder_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = load_settings(
        home=tmp_path, keys_dir=tmp_path / "file" / "keys", signing={"passphrase": SECRET}
    )
    assert "keys_dir" in refusal(lambda: generate_keys(settings)).remedy
    assert "keys_dir" in refusal(lambda: make_passphrase(settings)).remedy
