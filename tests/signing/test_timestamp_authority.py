"""Asking a time-stamping authority: nothing it can answer is kept unless it is a good token."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from tests.signing.timestamp_authority import TimestampAuthority

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import TimestampSettings
from audit_trail.signing import timestamp_authority
from audit_trail.signing.timestamps import check_token, read_anchors

DATA = b"a ledger entry"


def client(authority: TimestampAuthority, **changes: Any) -> timestamp_authority.TimestampAuthority:
    return timestamp_authority.TimestampAuthority(TimestampSettings(**(authority.settings | changes)))


def failure(authority: TimestampAuthority, **changes: Any) -> StorageError:
    with pytest.raises(StorageError) as caught:
        client(authority, **changes).request(DATA)
    assert caught.value.where == authority.url
    return caught.value


def test_the_answer_comes_back_as_it_was_received_and_checked(authority: TimestampAuthority) -> None:
    answer, token = client(authority).request(DATA)
    assert answer == (authority.folder / "reply").read_bytes()
    anchors = read_anchors(authority.certificate_file)
    assert check_token(answer, sha256=sha256(DATA).hexdigest(), anchors=anchors, where="") == token


@pytest.mark.parametrize(
    ("behaviour", "what", "found"),
    [
        ("unreachable", "could not be reached", "ConnectionError"),
        ("slow", "could not be reached", "ReadTimeout"),
        ("trickling", "", ""),
        ("moved", "refused", "HTTP status 302"),
        ("refusing", "refused", "HTTP status 403"),
        ("too long", "too long", ""),
        ("a web page", "not a time-stamp token", "ValueError"),
        ("rejected", "did not grant", "status 2"),
        ("wrong nonce", "nonce", ""),
        ("wrong imprint", "digest differs", "00000000"),
    ],
)
def test_whatever_else_it_answers_is_a_storage_error(
    authority: TimestampAuthority, behaviour: Any, what: str, found: str
) -> None:
    authority.behaviour = behaviour
    began = time.monotonic()
    error = failure(authority)
    assert what in error.what
    assert found in error.found
    assert time.monotonic() - began < 4


def test_a_trickling_answer_is_given_up_after_the_time_set(
    authority: TimestampAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp_authority, "MAX_TOKEN_BYTES", 10_000_000)
    authority.behaviour = "trickling"
    began = time.monotonic()
    assert "too slowly" in failure(authority, timeout_s=1).what
    assert time.monotonic() - began < 3


def test_an_authority_that_is_not_the_one_believed(make_authority: Callable[..., TimestampAuthority]) -> None:
    honest, other = make_authority(), make_authority(name="Other")
    error = failure(other, certificate_file=honest.certificate_file)
    assert "not signed by the authority" in error.what


def test_an_expired_authority(make_authority: Callable[..., TimestampAuthority]) -> None:
    assert "expired" in failure(make_authority(valid_days=-1)).found


def test_nothing_listens_there(authority: TimestampAuthority) -> None:
    authority.close()
    assert "could not be reached" in failure(authority).what


def test_a_customers_key_in_the_url_is_in_no_error(authority: TimestampAuthority) -> None:
    for behaviour in ("unreachable", "refusing", "moved", "a web page"):
        authority.behaviour = behaviour
        error = failure(authority, url=f"{authority.url}?key=hunter22")
        assert "hunter22" not in str(error)


@pytest.mark.parametrize(
    "url",
    ["ftp://tsa.example/", "https://user:secret@tsa.example/", "tsa.example", "https://", "http://a b/"],
)
def test_other_urls_are_refused(authority: TimestampAuthority, url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        client(authority, url=url)


def test_an_url_without_certificates_is_refused() -> None:
    with pytest.raises(ValueError, match="url needs certificate_file"):
        TimestampSettings(url="http://tsa.example")


def test_without_an_url_there_is_nobody_to_ask() -> None:
    with pytest.raises(ConfigurationError, match="no time-stamping authority"):
        timestamp_authority.TimestampAuthority(TimestampSettings())
