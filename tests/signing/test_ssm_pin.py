"""The pin in Parameter Store, over HTTP against a server that speaks its protocol."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.settings import load_settings
from audit_trail.signing.pins import Head, HeadPin, open_pin
from audit_trail.signing.ssm_pin import SsmPin

GENESIS = "a" * 64
PREFIX = "/audit-trail/head"


@pytest.fixture
def pin(aws: str) -> SsmPin:
    return SsmPin(PREFIX, GENESIS, region="eu-central-1")


def head(sequence: int) -> Head:
    return Head(sequence=sequence, sha256=f"{sequence:064x}")


def test_nothing_is_remembered_at_first_and_then_the_newest(pin: SsmPin) -> None:
    assert pin.read() is None
    for sequence in (3, 1, 7, 5):
        pin.advance(head(sequence))
    assert pin.read() == head(7)


def test_another_client_reads_it(pin: SsmPin) -> None:
    pin.advance(head(2))
    assert SsmPin(PREFIX, GENESIS, region="eu-central-1").read() == head(2)
    assert SsmPin(PREFIX, "b" * 64, region="eu-central-1").read() is None


def test_many_writers_leave_the_newest(pin: SsmPin) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda n: SsmPin(PREFIX, GENESIS, region="eu-central-1").advance(head(n)), range(1, 31))
        )
    assert pin.read() == head(30)


def test_a_writer_between_reading_and_writing_is_noticed(
    pin: SsmPin, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin.advance(head(1))
    other = SsmPin(PREFIX, GENESIS, region="eu-central-1")
    read = pin._read

    def read_then_overtaken() -> Any:
        found = read()
        monkeypatch.setattr(pin, "_read", read)
        other.advance(head(9))
        return found

    monkeypatch.setattr(pin, "_read", read_then_overtaken)
    pin.advance(head(5))
    assert pin.read() == head(9)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sequence": -1, "sha256": "0"}', '{"sequence": 1}'])
def test_a_damaged_parameter_is_no_first_meeting(pin: SsmPin, text: str) -> None:
    pin._client.put_parameter(Name=pin.name, Value=text or " ", Type="String", Overwrite=True)
    for action in (pin.read, lambda: pin.advance(head(3))):
        with pytest.raises(IntegrityError, match="cannot be read"):
            action()


def test_unreachable_is_a_storage_error_without_secrets(pin: SsmPin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageError) as caught:
        SsmPin(PREFIX, GENESIS, region="eu-central-1").read()
    assert "not-to-be-shown" not in f"{caught.value!s}{caught.value.__cause__!r}"


def test_the_settings_choose(pin: SsmPin) -> None:
    assert isinstance(open_pin(load_settings(pin="ssm:/x/y"), GENESIS), SsmPin)
    assert isinstance(open_pin(load_settings(), GENESIS), HeadPin)
