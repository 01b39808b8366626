"""Which lifecycle rules endanger an archive."""

from __future__ import annotations

from typing import Any

import pytest

from audit_trail.archive.requirements.lifecycle import aborts_below, cooling, expiring, wanted_rule

PREFIX = "acme/logs/"
DEEP = [{"Days": 90, "StorageClass": "DEEP_ARCHIVE"}]


def rule(**parts: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}} | parts


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_the_rule_that_is_set_is_right_everywhere(prefix: str) -> None:
    assert aborts_below(wanted_rule(), prefix)
    assert not expiring([wanted_rule()], prefix)
    assert not cooling([wanted_rule()], prefix)


@pytest.mark.parametrize(
    ("held", "good"),
    [
        (rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}), True),
        (rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 8}), False),
        (rule(AbortIncompleteMultipartUpload={}), False),
        (rule(), False),
        (rule(Filter={"Prefix": "acme/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}), True),
        (rule(Filter={"Prefix": "other/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}), False),
        (
            rule(Filter={"Prefix": PREFIX + "a"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            False,
        ),
    ],
)
def test_unfinished_uploads_end_below_the_whole_prefix_within_a_week(
    held: dict[str, Any], good: bool
) -> None:
    assert aborts_below(held, PREFIX) is good


@pytest.mark.parametrize(
    "part",
    [
        {"Expiration": {"Days": 2555}},
        {"Expiration": {"Date": "2040-01-01"}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
    ],
)
@pytest.mark.parametrize(
    "limit",
    [
        {},
        {"Filter": {}},
        {"Filter": {"Prefix": "acme"}},
        {"Filter": {"Prefix": PREFIX + "ledger/"}},
        {"Filter": {"Tag": {"Key": "k", "Value": "v"}}},
        {"Filter": {"And": {"Prefix": "acme/", "Tags": [{"Key": "k", "Value": "v"}]}}},
        {"Filter": {"ObjectSizeGreaterThan": 1}},
        {"Filter": None, "Prefix": "acme/"},
    ],
    ids=range(8),
)
def test_whatever_may_expire_something_of_the_archive_is_found(
    part: dict[str, Any], limit: dict[str, Any]
) -> None:
    held = {key: value for key, value in rule(**part, **limit).items() if value is not None}
    (found,) = expiring([held], PREFIX)
    assert "'r'" in found


@pytest.mark.parametrize(
    "held",
    [
        rule(Filter={"Prefix": "tmp/"}, Expiration={"Days": 1}),
        rule(Filter={"And": {"Prefix": "acme/x"}}, NoncurrentVersionExpiration={"NoncurrentDays": 1}),
        rule(Prefix="tmp/", Filter={}, Expiration={"Days": 1}),
        rule(Expiration={"ExpiredObjectDeleteMarker": True}),
        rule(Transitions=DEEP),
    ],
)
def test_other_rules_expire_nothing_of_it(held: dict[str, Any]) -> None:
    assert expiring([held], PREFIX) == []


@pytest.mark.parametrize(
    ("held", "count"),
    [
        (rule(Transitions=DEEP), 1),
        (rule(Filter={"Prefix": PREFIX + "manifests/date=2026"}, Transitions=DEEP), 1),
        (rule(NoncurrentVersionTransitions=[{"NoncurrentDays": 1, "StorageClass": "GLACIER"}]), 1),
        (rule(Filter={"Prefix": PREFIX + "logs/"}, Transitions=DEEP), 0),
        (rule(Transitions=[{"Days": 90, "StorageClass": "GLACIER_IR"}]), 0),
        (rule(), 0),
    ],
)
def test_segments_may_grow_cold_and_the_ledger_may_not(held: dict[str, Any], count: int) -> None:
    assert len(cooling([held], PREFIX)) == count
