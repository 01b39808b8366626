"""The redactor that the settings describe, and keys that are none."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.redaction import Redactor, default_policy, load_policy
from audit_trail.redaction.configured_redactor import (
    MAX_KEY_BYTES,
    MIN_KEY_BYTES,
    configured_redactor,
    read_pseudonym_key,
)
from audit_trail.settings import load_settings

KEY = b"0123456789abcdef"


def key_file(tmp_path: Path, content: bytes = KEY, mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nrules: [{name: email, action: pseudonymize}]\n")
    return path


def test_without_files_it_is_the_default() -> None:
    made = configured_redactor(policy_file=None, pseudonym_key_file=None)
    assert made.policy_sha256 == default_policy().sha256 == Redactor().policy_sha256


def test_the_stages_redact_as_the_settings_say(tmp_path: Path) -> None:
    chosen = {"policy_file": policy_file(tmp_path), "pseudonym_key_file": key_file(tmp_path)}
    context = StageContext(settings=load_settings(home=tmp_path, redaction=chosen))
    assert context.redactor.policy_sha256 == load_policy(chosen["policy_file"]).sha256
    token = hmac.new(KEY, b"ann@example.com", sha256).hexdigest()[:32]
    assert context.redactor.redact(b"to ann@example.com").data == f"to [REDACTED:email:{token}]".encode()


def test_a_pseudonym_without_a_key_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured_redactor(policy_file=policy_file(tmp_path), pseudonym_key_file=None)
    assert "redaction.pseudonym_key_file" in caught.value.remedy


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_key_is_the_files_bytes_without_the_last_newline(tmp_path: Path, end: bytes) -> None:
    assert read_pseudonym_key(key_file(tmp_path, b"\x00\n " + KEY + end)) == b"\x00\n " + KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    with pytest.raises(ConfigurationError, match="by others") as caught:
        read_pseudonym_key(path)
    assert caught.value.remedy == f"chmod 600 {path}"


@pytest.mark.parametrize("size", [0, MIN_KEY_BYTES - 1, MAX_KEY_BYTES + 1])
def test_a_key_of_a_wrong_length_is_refused_without_being_shown(tmp_path: Path, size: int) -> None:
    path = key_file(tmp_path, b"k" * size)
    with pytest.raises(ConfigurationError, match="wrong length") as caught:
        read_pseudonym_key(path)
    assert caught.value.where == str(path)
    assert "kk" not in str(caught.value).replace(str(path), "")


def test_a_key_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read") as caught:
            read_pseudonym_key(path)
        assert "openssl rand" in caught.value.remedy
