"""An archive with every kind of ledger entry, and time-stamp tokens, made once by version 1."""

from __future__ import annotations

import pytest
from tests.vectors.golden_archive import ALL_KINDS

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import parse_entry
from audit_trail.evidence.object_keys import token_key
from audit_trail.signing.timestamps import check_token, read_anchors
from audit_trail.verification.ledger_walk import LedgerView

KINDS = [
    "genesis", "seal", "gap", "key-rotation", "seal", "key-revocation", "seal", "verification",
]  # fmt: skip
STAMPED = (0, 1, 3, 7)


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return ALL_KINDS.view()


def test_it_has_every_kind_of_entry(view: LedgerView) -> None:
    payloads = [parse_envelope(raw.data, where=raw.key).payload for raw in ALL_KINDS.entries()]
    assert [parse_entry(payload, where="x").kind for payload in payloads] == KINDS
    assert view.gaps["2026-11-21"].reason == "the service did not exist: ä€😀"
    assert [(seal.date, seal.revision) for seal in view.seals] == [
        ("2026-11-20", 1),
        ("2026-11-20", 2),
        ("2026-11-22", 1),
    ]


def test_keys_are_believed_from_where_they_came_to_where_they_went(view: LedgerView) -> None:
    assert [era.first for era in view.history.eras] == [0, 4, 6]
    assert all({key.keytype for key in era.keys} == {"rsa", "ml-dsa"} for era in view.history.eras)
    (revocation,) = view.history.revocations.values()
    assert (revocation.sequence, revocation.from_sequence) == (5, 5)
    assert list(view.history.disbelieved(len(view.heads))) == []


@pytest.mark.parametrize("number", STAMPED)
def test_tokens_are_over_their_entries(view: LedgerView, number: int) -> None:
    anchors = read_anchors(ALL_KINDS.folder / "authority.pem")
    data = ALL_KINDS.read(token_key(number))
    token = check_token(data, sha256=view.heads[number], anchors=anchors, where="x")
    assert token.time.isoformat().startswith("2026-11-25T15:")
    with pytest.raises(IntegrityError):
        check_token(data, sha256=view.heads[number - 1], anchors=anchors, where="x")
