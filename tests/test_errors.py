"""The errors: what they say, which family they are, and that they cross process borders."""

from __future__ import annotations

import pickle

import pytest

from audit_trail.errors import (
    AuditTrailError,
    CollectionError,
    ConfigurationError,
    IntegrityError,
    StorageError,
)

FAMILIES = {ConfigurationError: 3, CollectionError: 2, StorageError: 2, IntegrityError: 1}


@pytest.mark.parametrize(("family", "status"), FAMILIES.items())
def test_each_family_has_its_exit_status(family: type[AuditTrailError], status: int) -> None:
    assert issubclass(family, AuditTrailError)
    assert family("what").exit_code == status


def test_a_message_says_what_where_expected_found_and_what_to_do() -> None:
    error = IntegrityError("it differs", where="key", expected="a", found="b", remedy="look")
    assert str(error) == "it differs; at key; expected a, found b; look"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "what"),
        ({"where": "key"}, "what; at key"),
        ({"found": "b"}, "what; found b"),
        ({"expected": "a"}, "what; expected a"),
        ({"remedy": "look"}, "what; look"),
    ],
)
def test_a_part_that_is_not_known_is_left_out(parts: dict[str, str], text: str) -> None:
    error = StorageError("what", **parts)
    assert str(error) == text
    assert error.details() == parts


@pytest.mark.parametrize("family", [AuditTrailError, *FAMILIES])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_survive_pickling(family: type[AuditTrailError], protocol: int) -> None:
    error = family("what", where="key", expected="a", found="b", remedy="look")
    copy = pickle.loads(pickle.dumps(error, protocol))
    assert type(copy) is family
    assert (copy.what, copy.details(), str(copy)) == (error.what, error.details(), str(error))
