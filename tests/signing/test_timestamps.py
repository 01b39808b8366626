"""What a time-stamp token proves, and everything that makes it prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signing.timestamp_authority import POLICY, TimestampAuthority, openssl_accepts

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.signing.der_order import sort_certificates
from audit_trail.signing.timestamps import Token, check_token, read_anchors

MakeAuthority = Callable[..., TimestampAuthority]
DATA = b"a ledger entry"
DIGEST = sha256(DATA).hexdigest()


def check(data: bytes, authority: TimestampAuthority | None, digest: str = DIGEST) -> Token:
    anchors = read_anchors(authority.certificate_file) if authority else None
    return check_token(data, sha256=digest, anchors=anchors, where="token")


def refused(data: bytes, authority: TimestampAuthority | None, digest: str = DIGEST) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        check(data, authority, digest)
    assert caught.value.where == "token"
    return caught.value


def test_a_token_says_when_by_whom_and_under_which_policy(authority: TimestampAuthority) -> None:
    token = check(authority.token(DATA), authority)
    assert abs(token.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert (token.authority, token.policy) == ("CN=Honest TSA", POLICY)
    assert check(authority.token(DATA), authority).serial == token.serial + 1


def test_openssl_accepts_it_too(authority: TimestampAuthority, tmp_path: Path) -> None:
    token = authority.token(DATA)
    assert openssl_accepts(token, DATA, authority.certificate_file, tmp_path)
    assert not openssl_accepts(token, DATA + b".", authority.certificate_file, tmp_path)


def test_a_token_about_something_else(authority: TimestampAuthority) -> None:
    error = refused(authority.token(b"another entry"), authority)
    assert "its digest differs" in error.what
    assert error.expected == DIGEST


def test_a_token_of_another_authority(make_authority: MakeAuthority) -> None:
    honest, other = make_authority(), make_authority(name="Other")
    error = refused(other.token(DATA), honest)
    assert "not signed by the authority" in error.what
    assert error.expected == "a chain to CN=Honest Root"
    assert check(other.token(DATA), None).authority == "CN=Other TSA"


def test_a_token_signed_after_the_certificate_had_expired(make_authority: MakeAuthority) -> None:
    authority = make_authority(valid_days=-10)
    assert "expired" in refused(authority.token(DATA), authority).found


def test_an_answer_that_grants_nothing(authority: TimestampAuthority) -> None:
    authority.behaviour = "rejected"
    error = refused(authority.token(DATA), authority)
    assert "did not grant" in error.what
    assert error.found.startswith("status 2")


def test_every_changed_byte_is_found_or_changes_nothing_that_is_said(authority: TimestampAuthority) -> None:
    whole = authority.token(DATA)
    said = check(whole, authority)
    unnoticed = 0
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :]
        try:
            assert check(changed, authority) == said, place
            unnoticed += 1
        except IntegrityError:
            pass
    # Numbers of versions, and the copy of the root, which is believed by its own file only.
    assert unnoticed < len(authority.certificate_file.read_bytes())


@given(st.binary(max_size=200))
def test_anything_else_is_no_token(data: bytes) -> None:
    refused(data, None)


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_a_token_cut_short_or_with_more_behind_it(authority: TimestampAuthority, cut: int) -> None:
    whole = authority.token(DATA)
    refused(whole[:cut], authority)
    refused(whole + b"\0", authority)


# Certificates in any order


def test_certificates_are_sorted_and_nothing_else(authority: TimestampAuthority) -> None:
    whole = authority.token(DATA)
    in_order = sort_certificates(whole)
    assert sort_certificates(in_order) == in_order
    assert sorted(in_order) == sorted(whole)
    assert check(in_order, authority) == check(whole, authority)


@given(st.binary(max_size=60))
def test_what_is_no_token_is_left_alone(data: bytes) -> None:
    assert sorted(sort_certificates(data)) == sorted(data)


# Whom to believe


def test_roots_and_intermediates_are_told_apart(authority: TimestampAuthority, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((authority.folder / "tsa.pem").read_bytes() + authority.certificate_file.read_bytes())
    anchors = read_anchors(both)
    assert [item.subject.rfc4514_string() for item in anchors.roots] == ["CN=Honest Root"]
    assert [item.subject.rfc4514_string() for item in anchors.intermediates] == ["CN=Honest TSA"]


def test_a_file_without_a_root_is_refused(authority: TimestampAuthority) -> None:
    with pytest.raises(ConfigurationError, match=r"no root.*CN=Honest TSA"):
        read_anchors(authority.folder / "tsa.pem")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_holds_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"timestamps\.certificate_file"):
        read_anchors(path)
