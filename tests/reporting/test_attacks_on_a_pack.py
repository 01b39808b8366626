"""Whatever is done to a pack, with or without the archive's keys, the script ends with 1 and says what.

The forger makes `pack.json` and `SHA256SUMS` agree with what was changed: nobody signs them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from tests.reporting.conftest import FIRST, GAP, LAST, QUIET, ROTATED
from tests.reporting.opened_pack import OpenedPack, Verdict, needs_tools

from audit_trail.evidence.envelope import Envelope, Signature, parse_envelope
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey

pytestmark = needs_tools


def wrong(pack: OpenedPack, *kinds: str, last: str | None = None) -> Verdict:
    """The script's verdict, which must be that exactly these kinds of checks failed."""
    pack.make_consistent()
    verdict = pack.verify(last=last)
    assert verdict.status == 1, verdict.out
    assert verdict.failed == set(kinds), verdict.out
    assert "VERDICT: WRONG" in verdict.out
    return verdict


def seals(pack: OpenedPack, day: str) -> list[Seal]:
    return pack.archive.context().ledger().seals_of(day)


def segment(pack: OpenedPack, day: str, number: int = 0) -> str:
    return seals(pack, day)[0].objects[number].key


def reseal(pack: OpenedPack, seal: Seal, manifest: dict[str, Any], **totals: int) -> None:
    """Let another manifest be the last day's, as whoever has all keys can."""
    pack.sign(seal.manifest.key, manifest)
    data = pack.path(seal.manifest.key).read_bytes()
    resealed = pack.statement(ledger_key(seal.sequence))
    resealed["predicate"]["manifest"] |= {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
    resealed["predicate"]["totals"] |= totals
    resealed["subject"][0]["digest"]["sha256"] = sha256(data).hexdigest()
    pack.path(ledger_key(seal.sequence + 1)).unlink()
    pack.sign(ledger_key(seal.sequence), resealed)


def head(pack: OpenedPack) -> int:
    return pack.archive.context().ledger().head.sequence


class TestLedger:
    def test_another_genesis_on_paper(self, opened: OpenedPack) -> None:
        verdict = opened.verify(genesis="0" * 64)
        assert (verdict.status, verdict.failed) == (1, {"genesis"})

    def test_everything_deleted(self, opened: OpenedPack) -> None:
        for path in opened.path("ledger").iterdir():
            path.unlink()
        wrong(opened, "ledger")

    @pytest.mark.parametrize("count", [1, 3, 8])
    def test_the_tail_cut_off(self, opened: OpenedPack, count: int) -> None:
        """Verifications only, or the last day with all that it has: every byte left is true."""
        known = opened.archive.context().ledger().head.sha256
        for number in range(head(opened) - count + 1, head(opened) + 1):
            opened.path(ledger_key(number)).unlink()
        opened.make_consistent()
        verdict = opened.verify(last=known)
        assert verdict.status == 1
        assert "end of the ledger" in verdict.failed

    def test_the_tail_cut_off_without_pack_json(self, opened: OpenedPack) -> None:
        opened.path(ledger_key(head(opened))).unlink()
        verdict = opened.verify()
        assert verdict.status == 1
        assert verdict.failed == {"SHA256SUMS", "end of the ledger"}

    @pytest.mark.parametrize("number", [0, 1, 5])
    def test_an_entry_deleted(self, opened: OpenedPack, number: int) -> None:
        opened.path(ledger_key(number)).unlink()
        wrong(opened, "ledger")

    def test_an_entry_deleted_and_the_others_moved_up(self, opened: OpenedPack) -> None:
        for number in range(5, head(opened)):
            opened.path(ledger_key(number + 1)).replace(opened.path(ledger_key(number)))
        wrong(opened, "ledger")

    def test_two_entries_swapped(self, opened: OpenedPack) -> None:
        opened.swap(ledger_key(1), ledger_key(5))
        wrong(opened, "ledger")

    def test_an_entry_replaced_by_another_validly_signed_one(self, opened: OpenedPack) -> None:
        """In the middle the next entry tells, at the end the digest that somebody knows."""
        key = ledger_key(head(opened))
        known = sha256(opened.path(key).read_bytes()).hexdigest()
        statement = opened.statement(key)
        statement["predicate"]["passed"] += 1
        opened.sign(key, statement)
        wrong(opened, "end of the ledger", last=known)

    def test_an_entry_in_the_middle_replaced_by_another_validly_signed_one(self, opened: OpenedPack) -> None:
        key = ledger_key(head(opened) - 1)
        statement = opened.statement(key)
        statement["predicate"]["at"] = "2026-03-16T00:00:00Z"
        opened.sign(key, statement)
        wrong(opened, "ledger")

    def test_an_old_seal_replayed_under_a_new_date(self, opened: OpenedPack) -> None:
        """By the holder of the keys: the objects are another day's."""
        statement = opened.statement(ledger_key(seals(opened, LAST)[0].sequence))
        statement["predicate"] |= {
            "date": GAP,
            "interval_start": f"{GAP}T00:00:00Z",
            "interval_end": f"{ROTATED}T00:00:00Z",
        }
        opened.append(statement)
        wrong(opened, "ledger")

    def test_a_day_sealed_twice_with_the_same_revision(self, opened: OpenedPack) -> None:
        opened.append(opened.statement(ledger_key(seals(opened, LAST)[0].sequence)))
        wrong(opened, "revisions", "source ranges")

    def test_a_seal_before_its_day_ended(self, opened: OpenedPack) -> None:
        statement = opened.statement(ledger_key(seals(opened, LAST)[0].sequence))
        statement["predicate"]["at"] = f"{LAST}T12:00:00Z"
        opened.append(statement)
        wrong(opened, "ledger")

    @pytest.mark.parametrize("field", ["inputs", "segments", "records", "content_bytes", "stored_bytes"])
    def test_totals_that_its_manifest_does_not_amount_to(self, opened: OpenedPack, field: str) -> None:
        """By the holder of the keys: the report would state records that are not there."""
        number = seals(opened, LAST)[0].sequence
        for later in range(number + 1, head(opened) + 1):
            opened.path(ledger_key(later)).unlink()
        statement = opened.statement(ledger_key(number))
        statement["predicate"]["totals"][field] += 1
        opened.sign(ledger_key(number), statement)
        wrong(opened, "manifests")

    def test_a_day_neither_sealed_nor_declared(self, opened: OpenedPack) -> None:
        """Asked for, and not there: the forger has shortened the ledger, and nobody knows its end."""
        for number in range(seals(opened, LAST)[0].sequence, head(opened) + 1):
            opened.path(ledger_key(number)).unlink()
        for item in (seals(opened, LAST)[0].manifest, *seals(opened, LAST)[0].objects):
            opened.path(item.key).unlink()
        verdict = wrong(opened, "days")
        assert f"{LAST} is neither sealed nor declared a gap" in verdict.out

    def test_a_second_spelling_of_an_entry(self, opened: OpenedPack) -> None:
        key = ledger_key(head(opened))
        opened.change(key, lambda data: data.replace(b'"payloadType"', b' "payloadType"'))
        wrong(opened, "ledger")

    def test_two_documents_in_one_entry(self, opened: OpenedPack) -> None:
        opened.change(ledger_key(head(opened)), lambda data: data + data)
        wrong(opened, "ledger")

    def test_the_last_entrys_payload_changed(self, opened: OpenedPack) -> None:
        key = ledger_key(head(opened))
        old = parse_envelope(opened.path(key).read_bytes(), where=key)
        changed = Envelope(
            payload=old.payload.replace(b'"failed":0', b'"failed":1'), signatures=old.signatures
        )
        opened.path(key).write_bytes(changed.to_bytes())
        wrong(opened, "RSA-PSS signatures")

    def test_a_gap_declared_by_nobody(self, opened: OpenedPack) -> None:
        """Signed, but by a key of the forger's."""
        statement = opened.statement(ledger_key(7))
        assert statement["predicate"]["kind"] == "gap"
        opened.append(statement, keys=opened.archive.context().ledger().history.eras[0].keys)
        wrong(opened, "signers")


class TestSignatures:
    @pytest.mark.parametrize("stripped", [0, 1])
    @pytest.mark.parametrize("document", ["entry", "manifest"])
    def test_one_of_two_stripped(self, opened: OpenedPack, document: str, stripped: int) -> None:
        key = ledger_key(head(opened)) if document == "entry" else seals(opened, LAST)[0].manifest.key
        opened.signatures(
            key, lambda old: Envelope(payload=old.payload, signatures=(old.signatures[1 - stripped],))
        )
        wrong(opened, "signers" if document == "entry" else "manifests")

    def test_one_too_many(self, opened: OpenedPack) -> None:
        extra = Signature(keyid="f" * 64, sig=b"nothing")
        opened.signatures(
            ledger_key(head(opened)),
            lambda old: Envelope(payload=old.payload, signatures=(*old.signatures, extra)),
        )
        wrong(opened, "signers")

    def test_the_same_twice(self, opened: OpenedPack) -> None:
        opened.signatures(
            ledger_key(head(opened)),
            lambda old: Envelope(payload=old.payload, signatures=(old.signatures[0], *old.signatures)),
        )
        wrong(opened, "ledger")

    @pytest.mark.parametrize(
        ("scheme", "kind"),
        [("rsassa-pss-sha256", "RSA-PSS signatures"), ("ml-dsa-65/1", "ML-DSA signatures")],
    )
    def test_one_bit_changed(self, complete: OpenedPack, scheme: str, kind: str) -> None:
        keys = {key.keyid: key.scheme for key in complete.archive.context().ledger().keys}

        def edit(old: Envelope) -> Envelope:
            changed = [
                Signature(keyid=item.keyid, sig=item.sig[:-1] + bytes([item.sig[-1] ^ 1]))
                if keys[item.keyid] == scheme
                else item
                for item in old.signatures
            ]
            return Envelope(payload=old.payload, signatures=tuple(changed))

        complete.signatures(ledger_key(head(complete)), edit)
        wrong(complete, kind)

    def test_a_manifest_signed_with_a_revoked_key(self, opened: OpenedPack) -> None:
        """It would have been right for the days before."""
        history = opened.archive.context().ledger().history
        seal = seals(opened, LAST)[0]
        statement = opened.statement(seal.manifest.key)
        opened.sign(seal.manifest.key, statement, keys=history.eras[1].keys)
        data = opened.path(seal.manifest.key).read_bytes()
        resealed = opened.statement(ledger_key(seal.sequence))
        resealed["predicate"]["manifest"] |= {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
        resealed["subject"][0]["digest"]["sha256"] = sha256(data).hexdigest()
        opened.path(ledger_key(seal.sequence + 1)).unlink()
        opened.sign(ledger_key(seal.sequence), resealed)
        wrong(opened, "signers")

    def test_entries_signed_with_a_key_revoked_later_for_them(self, opened: OpenedPack) -> None:
        """A second revocation, of a key given up long before, that reaches back."""
        old = opened.archive.context().ledger().history.eras[0].keys
        statement = opened.statement(ledger_key(11))
        assert statement["predicate"]["kind"] == "key-revocation"
        statement["predicate"] |= {"keyid": old[0].keyid, "from_sequence": 5}
        opened.append(statement)
        verdict = wrong(opened, "revoked keys")
        assert "entry 5 rests on key" in verdict.out


class TestKeys:
    def test_a_substituted_copy(self, opened: OpenedPack) -> None:
        """By hand somebody would check with it."""
        path = next((opened.folder / "keys").glob("rsa-*"))
        made = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            capture_output=True,
            check=True,
        )
        public = subprocess.run(
            ["openssl", "pkey", "-pubout"], input=made.stdout, capture_output=True, check=True
        )
        path.write_bytes(public.stdout)
        wrong(opened, "copies of the keys")

    def test_a_copy_too_many(self, opened: OpenedPack) -> None:
        (opened.folder / "keys/rsa-0123456789abcdef.pub.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
        wrong(opened, "copies of the keys")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("scheme", "rsa-pkcs1v15-sha256"),
            ("scheme", "ml-dsa-65/1"),
            ("keyid", "a" * 64),
            ("public", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        ],
        ids=["weaker-algorithm", "other-algorithm", "other-id", "other-key"],
    )
    def test_a_rotation_to_a_key_that_is_not_what_it_says(
        self, opened: OpenedPack, field: str, value: str
    ) -> None:
        """Signed by the archive's own keys."""
        statement = opened.statement(ledger_key(8))
        assert statement["predicate"]["kind"] == "key-rotation"
        number = next(n for n, key in enumerate(statement["predicate"]["keys"]) if key["keytype"] == "rsa")
        statement["predicate"]["keys"][number][field] = value
        key = statement["predicate"]["keys"][number]
        statement["subject"][number] = {"name": f"key:{key['scheme']}", "digest": {"sha256": key["keyid"]}}
        opened.append(statement)
        opened.make_consistent()
        verdict = opened.verify()
        assert verdict.status == 1
        assert verdict.failed & {"ledger", "keys"}

    def test_a_rotation_that_brings_old_keys_back(self, opened: OpenedPack) -> None:
        history = opened.archive.context().ledger().history
        statement = opened.statement(ledger_key(8))
        old = [key.to_json() for key in history.eras[0].keys]
        statement["predicate"]["keys"] = old
        statement["subject"] = [subject(key) for key in history.eras[0].keys]
        opened.append(statement, keys=(*history.eras[0].keys, *history.active))
        wrong(opened, "keys")

    def test_a_rotation_to_fewer_algorithms(self, opened: OpenedPack) -> None:
        history = opened.archive.context().ledger().history
        statement = opened.statement(ledger_key(8))
        kept = [key for key in history.active if key.keytype == "rsa"]
        statement["predicate"]["keys"] = [key.to_json() for key in kept]
        statement["subject"] = [subject(key) for key in kept]
        opened.append(statement)
        wrong(opened, "keys")


def subject(key: PublicKey) -> dict[str, object]:
    return {"name": f"key:{key.scheme}", "digest": {"sha256": key.keyid}}


class TestContent:
    @pytest.mark.parametrize(
        "edit",
        [
            lambda records: [b"RECORD 0\n", *records[1:]],
            lambda records: [records[1], records[0], *records[2:]],
            lambda records: records[:5] + records[6:],
            lambda records: records[:-1],
            lambda records: [*records, b"inserted\n"],
        ],
        ids=["changed", "reordered", "dropped", "cut", "inserted"],
    )
    def test_records_edited(self, opened: OpenedPack, edit: Callable[[list[bytes]], list[bytes]]) -> None:
        opened.records(segment(opened, FIRST), edit)
        wrong(opened, "segments")

    @pytest.mark.parametrize("behind", [b"plain", b"\x50\x2a\x4d\x18\x04\x00\x00\x00hide"])
    def test_data_behind_the_frame(self, opened: OpenedPack, behind: bytes) -> None:
        opened.change(segment(opened, FIRST), lambda data: data + behind)
        wrong(opened, "segments")

    def test_two_segments_of_a_day_swapped(self, opened: OpenedPack) -> None:
        opened.swap(segment(opened, FIRST, 0), segment(opened, FIRST, 1))
        wrong(opened, "segments")

    def test_two_days_swapped(self, opened: OpenedPack) -> None:
        opened.swap(segment(opened, ROTATED), segment(opened, LAST))
        opened.swap(seals(opened, ROTATED)[0].manifest.key, seals(opened, LAST)[0].manifest.key)
        wrong(opened, "segments", "manifests")

    def test_a_segment_deleted(self, opened: OpenedPack) -> None:
        opened.path(segment(opened, LAST)).unlink()
        wrong(opened, "segments")

    def test_all_segments_deleted_and_called_digests_only(self, complete: OpenedPack) -> None:
        """Not wrong, and not good either."""
        for path in list(complete.path("logs").rglob("*.zst")):
            path.unlink()
        index = json.loads((complete.folder / "pack.json").read_text())
        (complete.folder / "pack.json").write_text(json.dumps(index | {"segments_included": False}))
        complete.make_consistent()
        assert complete.verify().status == 2

    @pytest.mark.parametrize("day", [FIRST, QUIET])
    def test_a_manifest_deleted(self, opened: OpenedPack, day: str) -> None:
        opened.path(seals(opened, day)[0].manifest.key).unlink()
        verdict = wrong(opened, "manifests")
        assert seals(opened, day)[0].manifest.key in verdict.out

    def test_a_day_deleted(self, opened: OpenedPack) -> None:
        for item in (seals(opened, LAST)[0].manifest, *seals(opened, LAST)[0].objects):
            opened.path(item.key).unlink()
        wrong(opened, "manifests", "segments")

    def test_a_manifest_that_says_fewer_records(self, opened: OpenedPack) -> None:
        """Sealed like that by the holder of the keys."""
        seal = seals(opened, LAST)[0]
        statement = opened.statement(seal.manifest.key)
        statement["predicate"]["segments"][0]["records"] -= 1
        statement["predicate"]["inputs"][0]["parts"][0]["records"] -= 1
        reseal(opened, seal, statement, records=seal.totals.records - 1)
        wrong(opened, "records")

    @pytest.mark.parametrize(
        ("first", "second", "failed"),
        [
            ((0, 100), (100, 900), set()),
            ((0, 100), (101, 900), {"source ranges"}),
            ((0, 100), (99, 900), {"source ranges"}),
            ((1, 100), (100, 900), {"source ranges"}),
        ],
        ids=["joined up", "a byte left out", "a byte twice", "no beginning"],
    )
    def test_ranges_of_a_source_file(
        self, opened: OpenedPack, first: tuple[int, int], second: tuple[int, int], failed: set[str]
    ) -> None:
        """Sealed like that by the holder of the keys: every digest holds, and a byte has no record."""
        seal = seals(opened, LAST)[0]
        statement = opened.statement(seal.manifest.key)
        (whole,) = statement["predicate"]["inputs"]
        rest = [{"segment": 0, "records": whole["parts"][0]["records"] - 1}]
        statement["predicate"]["inputs"] = [
            whole | {"start": second[0], "end": second[1], "parts": rest},
            whole | {"start": first[0], "end": first[1], "parts": [{"segment": 0, "records": 1}]},
        ]
        reseal(opened, seal, statement, inputs=2)
        opened.make_consistent()
        assert opened.verify().failed == failed


class TestFiles:
    @pytest.mark.parametrize("name", ["logs", "ledger"])
    def test_an_unsealed_file(self, opened: OpenedPack, name: str) -> None:
        if name == "logs":
            path = opened.path(segment(opened, LAST)).with_name("part-00001-0123456789abcdef.log.zst")
        else:
            path = opened.path("ledger/000000000099.tsr")
        path.write_bytes(b"planted")
        wrong(opened, "nothing unnamed")

    @pytest.mark.parametrize(
        "name",
        ["archive/logs/x", "archive/ledger/1.dsse.json", "keys/$(id)", "archive/a\nb", "archive/\x1b[2J"],
    )
    def test_a_file_that_no_pack_has(self, opened: OpenedPack, name: str) -> None:
        (opened.folder / name).write_bytes(b"planted")
        verdict = opened.verify()
        assert (verdict.status, verdict.failed) == (1, {"files"})
        assert "\x1b" not in verdict.out

    @pytest.mark.parametrize(
        "name", ["archive/ledger/000000000003.dsse.json", "keys", "archive", "pack.json"]
    )
    def test_a_link_out_of_the_pack(self, opened: OpenedPack, name: str) -> None:
        """It may be right today and lead elsewhere tomorrow."""
        moved = opened.folder.parent / "elsewhere"
        (opened.folder / name).rename(moved)
        (opened.folder / name).symlink_to(moved)
        verdict = opened.verify()
        assert (verdict.status, verdict.failed) == (1, {"files"})

    def test_a_pipe_that_would_never_end(self, opened: OpenedPack) -> None:
        path = opened.path(segment(opened, LAST))
        path.unlink()
        os.mkfifo(path)
        assert opened.verify().failed == {"files"}

    def test_damage_on_the_way(self, opened: OpenedPack) -> None:
        report = opened.folder / "report.html"
        report.write_bytes(report.read_bytes().replace(b"sealed", b"SEALED"))
        verdict = opened.verify()
        assert (verdict.status, verdict.failed) == (1, {"SHA256SUMS"})

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{}",
            "null",
            '{"range":{"from":"$(touch /tmp/pwned)","to":"x"}}',
            '{"range":{"from":"2026-99-99"}}',
        ],
    )
    def test_an_index_that_is_none(self, opened: OpenedPack, text: str) -> None:
        (opened.folder / "pack.json").write_text(text)
        verdict = opened.verify()
        assert verdict.status == 1
        assert "pack.json" in verdict.failed
