"""DSSE envelopes: one envelope has one spelling, and what is signed is its PAE."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical, envelope
from audit_trail.evidence.envelope import (
    MAX_SIGNATURES,
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    decode_base64,
    parse_envelope,
    pre_authentication_encoding,
)

SIGNED = Envelope(
    payload=b'{"a":1}',
    signatures=(Signature(keyid="aa", sig=b"\x01\x02\x03\x04"), Signature(keyid="bb", sig=b"\x05\x06")),
)


def stored(**changes: Any) -> bytes:
    value = json.loads(SIGNED.to_bytes()) | changes
    return canonical.encode({name: item for name, item in value.items() if item is not None})


def signature(**changes: Any) -> dict[str, Any]:
    value = {"keyid": "aa", "sig": "AQIDBA=="} | changes
    return {name: item for name, item in value.items() if item is not None}


def refusal(data: bytes) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        parse_envelope(data, where="ledger/7")
    assert caught.value.where == "ledger/7"
    return caught.value


def test_pre_authentication_encoding_is_the_one_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test vector of the DSSE protocol, whose payload type is another one."""
    monkeypatch.setattr(envelope, "PAYLOAD_TYPE", "http://example.com/HelloWorld")
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pre_authentication_encoding(b"hello world") == expected


def test_what_is_signed_names_the_payload_type_and_lengths_in_bytes() -> None:
    signed = Envelope(payload="é\n".encode(), signatures=()).signed_bytes()
    assert signed == b"DSSEv1 28 application/vnd.in-toto+json 3 \xc3\xa9\n"
    assert pre_authentication_encoding(b"").endswith(b" 0 ")


def test_the_stored_form_is_what_any_dsse_reader_expects() -> None:
    assert json.loads(SIGNED.to_bytes()) == {
        "payload": base64.b64encode(b'{"a":1}').decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": "aa", "sig": "AQIDBA=="}, {"keyid": "bb", "sig": "BQY="}],
    }


@given(
    payload=st.binary(max_size=50),
    signatures=st.dictionaries(st.text(max_size=6), st.binary(max_size=9), min_size=1, max_size=4),
)
def test_what_was_stored_is_read_back_the_same(payload: bytes, signatures: dict[str, bytes]) -> None:
    made = Envelope(
        payload=payload,
        signatures=tuple(Signature(keyid=keyid, sig=signatures[keyid]) for keyid in sorted(signatures)),
    )
    assert parse_envelope(made.to_bytes(), where="x") == made


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(stored(payload=None), id="no payload"),
        pytest.param(stored(payloadType=None), id="no payload type"),
        pytest.param(stored(signatures=None), id="no signatures"),
        pytest.param(stored(extra=1), id="unknown field"),
        pytest.param(stored(payloadType="application/json"), id="another payload type"),
        pytest.param(stored(payloadType=[PAYLOAD_TYPE]), id="payload type is a list"),
        pytest.param(stored(payload=7), id="payload is a number"),
        pytest.param(stored(payload=["eyJhIjoxfQ=="]), id="payload is a list"),
        pytest.param(stored(payload="eyJhIjoxfQ"), id="no padding"),
        pytest.param(stored(payload="eyJhIjoxfR=="), id="unused bits set"),
        pytest.param(stored(payload="eyJhIjoxfQ==\n"), id="newline in base64"),
        pytest.param(stored(payload="eyJh IjoxfQ=="), id="space in base64"),
        pytest.param(stored(payload="eyJhIjoxfQ====", signatures=[signature()]), id="padding twice"),
        pytest.param(stored(payload="-_8="), id="URL alphabet"),
        pytest.param(stored(payload="é==="), id="not ASCII"),
        pytest.param(stored(signatures=[]), id="empty signatures"),
        pytest.param(stored(signatures={}), id="signatures are an empty object"),
        pytest.param(stored(signatures=""), id="signatures are an empty string"),
        pytest.param(stored(signatures=1), id="signatures are a number"),
        pytest.param(stored(signatures=True), id="signatures are true"),
        pytest.param(stored(signatures={"keyid": "aa", "sig": "AQI="}), id="signatures are an object"),
        pytest.param(stored(signatures=["keyid", "sig"]), id="signatures are strings"),
        pytest.param(stored(signatures=[["keyid", "sig"]]), id="a signature is a list"),
        pytest.param(stored(signatures=[7]), id="a signature is a number"),
        pytest.param(stored(signatures=[signature(keyid=None)]), id="signature without key id"),
        pytest.param(stored(signatures=[signature(sig=None)]), id="signature without sig"),
        pytest.param(stored(signatures=[signature(cert="x")]), id="signature with an unknown field"),
        pytest.param(stored(signatures=[signature(keyid=1)]), id="key id is a number"),
        pytest.param(stored(signatures=[signature(sig=1)]), id="sig is a number"),
        pytest.param(stored(signatures=[signature(sig="AQIDBB==")]), id="unused bits set in sig"),
        pytest.param(stored(signatures=[signature(keyid="bb"), signature(keyid="aa")]), id="not ordered"),
        pytest.param(stored(signatures=[signature(), signature()]), id="key id twice"),
        pytest.param(stored(signatures=[signature(), signature(sig="BQY=")]), id="key id with two sigs"),
        pytest.param(SIGNED.to_bytes() + b"\n", id="newline behind it"),
        pytest.param(SIGNED.to_bytes().replace(b",", b", "), id="another spelling"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'["payload","payloadType","signatures"]', id="a list of the field names"),
        pytest.param(b'"payload"', id="a string"),
        pytest.param(b"7", id="a number"),
        pytest.param(b"true", id="a boolean"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    refusal(data)


def test_the_most_signatures_are_read_and_one_more_is_refused() -> None:
    assert MAX_SIGNATURES == 16
    many = [signature(keyid=f"{number:03d}") for number in range(MAX_SIGNATURES + 1)]
    assert len(parse_envelope(stored(signatures=many[:-1]), where="x").signatures) == MAX_SIGNATURES
    assert str(MAX_SIGNATURES) in refusal(stored(signatures=many)).expected


def test_every_single_changed_byte_is_refused_or_read_as_another_envelope() -> None:
    data = SIGNED.to_bytes()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            assert parse_envelope(changed, where="x") != SIGNED
        except IntegrityError:
            continue


def test_the_message_does_not_show_the_payload() -> None:
    error = refusal(stored(payload="c2VjcmV0IHBheWxvYWQ"))
    assert "c2VjcmV0" not in str(error)
    assert "base64" in str(error)


@pytest.mark.parametrize("value", [7, True, ["AQI="], {"a": "AQI="}, b"AQI="])
def test_what_is_no_text_is_no_base64(value: Any) -> None:
    with pytest.raises(ValueError, match="not a base64 string"):
        decode_base64(value)
