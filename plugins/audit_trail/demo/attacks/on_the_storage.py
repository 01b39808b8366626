"""Attacks of whoever owns the storage, but no key: the archive made afresh, with a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from audit_trail.archive.object_store import Retention
from audit_trail.demo.attacks.copied_store import Change
from audit_trail.demo.attacks.scene import Scene
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.verifier import Report

Edit = Callable[[list[bytes]], list[bytes]]
BOMB_BYTES = 256 * 1024 * 1024


def cut_tail(scene: Scene) -> Report:
    """The last day, its objects and every entry from its seal on are gone."""
    return scene.copied(_older(scene))


def delete_everything(scene: Scene) -> Report:
    """An empty bucket."""
    return scene.copied(lambda key, data: None)


def delete_one_day(scene: Scene) -> Report:
    """A day's objects and its ledger entries."""
    return scene.copied(_without_days(scene, 1))


def delete_run_of_days(scene: Scene) -> Report:
    """The same with three days in a row."""
    return scene.copied(_without_days(scene, 3))


def change_record(scene: Scene) -> Report:
    """One record says something else; the segment is a valid one."""
    return _edited(scene, lambda records: [b"nothing happened\n", *records[1:]])


def insert_record(scene: Scene) -> Report:
    """One record more."""
    return _edited(scene, lambda records: [*records[:50], b"invented\n", *records[50:]])


def drop_record(scene: Scene) -> Report:
    """One record less."""
    return _edited(scene, lambda records: records[:50] + records[51:])


def reorder_records(scene: Scene) -> Report:
    """Two records change places: same records, same size."""
    return _edited(scene, lambda records: [records[1], records[0], *records[2:]])


def append_behind_frame(scene: Scene) -> Report:
    """A skippable frame behind the segment: decompressors pass over it."""
    key = _segment(scene)
    return scene.copied(
        lambda found, data: (found, data + b"\x50\x2a\x4d\x18\x04\x00\x00\x00hide" if found == key else data)
    )


def decompression_bomb(scene: Scene) -> Report:
    """A segment of a few kilobytes that holds a quarter of a gigabyte."""
    return _edited(scene, lambda records: [bytes(BOMB_BYTES)])


def swap_segments(scene: Scene) -> Report:
    """Two days' segments under each other's keys."""
    return scene.copied(_swapped(_segment(scene, 0), _segment(scene, 2)))


def swap_days(scene: Scene) -> Report:
    """Two days' seals at each other's places in the ledger."""
    one, other = (_seal(scene, number).sequence for number in (0, 2))
    return scene.copied(_swapped(ledger_key(one), ledger_key(other)))


def replay_old_seal(scene: Scene) -> Report:
    """A true seal of an old day, put once more under the next number."""
    seal, head = _seal(scene, 0), scene.honest.view.head

    def change(key: str, data: bytes) -> tuple[str, bytes]:
        return (key, old) if key == ledger_key(head.sequence) else (key, data)

    old = scene.honest.read(ledger_key(seal.sequence))
    return scene.copied(change, remembered=False)


def strip_signature(scene: Scene) -> Report:
    """The newest entry with one of its two signatures taken away."""
    key = ledger_key(scene.honest.view.head.sequence)

    def change(found: str, data: bytes) -> tuple[str, bytes]:
        if found != key:
            return found, data
        envelope = parse_envelope(data, where=found)
        return found, Envelope(payload=envelope.payload, signatures=envelope.signatures[:1]).to_bytes()

    return scene.copied(change, remembered=False)


def another_genesis(scene: Scene) -> Report:
    """Another archive, honestly made with the same name, in the place of this one."""
    other = scene.fresh()
    return scene.honest.verify(store=other.store)


def shorten_lock(scene: Scene) -> Report:
    """Every lock ends a year early."""
    return scene.copied(lock=lambda _, held: replace(held, until=held.until - timedelta(days=365)))


def drop_lock(scene: Scene) -> Report:
    """The segments lie there without any lock."""
    return scene.copied(lock=lambda key, held: None if key.startswith("logs/") else held)


def lock_in_governance(scene: Scene) -> Report:
    """Locks that whoever has the permission can lift."""

    def weaken(_: str, held: Retention) -> Retention:
        return replace(held, mode="GOVERNANCE")

    return scene.copied(lock=weaken)


def no_attack(scene: Scene) -> Report:
    """The control: a true copy, which must not raise an alarm."""
    return scene.copied()


def _seal(scene: Scene, day: int) -> Seal:
    return scene.honest.view.seals_of(scene.days[day])[0]


def _segment(scene: Scene, day: int = 0) -> str:
    return _seal(scene, day).objects[0].key


def _edited(scene: Scene, edit: Edit) -> Report:
    """A segment decompressed, edited record by record, and compressed again."""
    import zstandard

    key = _segment(scene)

    def change(found: str, data: bytes) -> tuple[str, bytes]:
        if found != key:
            return found, data
        records = zstandard.ZstdDecompressor().decompressobj().decompress(data).splitlines(keepends=True)
        return found, zstandard.ZstdCompressor().compress(b"".join(edit(records)))

    return scene.copied(change)


def _swapped(one: str, other: str) -> Change:
    names = {one: other, other: one}
    return lambda key, data: (names.get(key, key), data)


def _without(keys: set[str]) -> Change:
    return lambda key, data: None if key in keys else (key, data)


def _older(scene: Scene) -> Change:
    last = _seal(scene, -1)
    entries = {ledger_key(number) for number in range(last.sequence, scene.honest.view.head.sequence + 1)}
    return _without(entries | {last.manifest.key, *(item.key for item in last.objects)})


def _without_days(scene: Scene, days: int) -> Change:
    view = scene.honest.view
    seals = [seal for day in scene.days[:days] for seal in view.seals_of(day)]
    objects = {item.key for seal in seals for item in (seal.manifest, *seal.objects)}
    return _without(objects | {ledger_key(seal.sequence) for seal in seals})
