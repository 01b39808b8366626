"""Drawing a sample that nobody can foresee and anybody can draw again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest
from math import comb

from audit_trail.evidence.ledger_entry import Sample, Seal, SealedObject
from audit_trail.signing.pins import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnObject:
    """A sealed segment that the sample holds, with the seal that names it."""

    seal: Seal
    sealed: SealedObject


def draw_sample(seals: Iterable[Seal], *, seed: Head, size: int) -> tuple[Sample, list[DrawnObject]]:
    """Draw `size` of all sealed segments.

    The segments are ranked by SHA-256 of `<seed digest>:<key>`; the seed is the
    digest of the newest ledger entry, which did not exist before that entry
    was signed.

    Returns:
        How it was drawn, and what was drawn, in order of rank.
    """
    population = {item.key: DrawnObject(seal=seal, sealed=item) for seal in seals for item in seal.objects}
    drawn = nsmallest(size, population.values(), key=lambda item: rank(seed.sha256, item.sealed.key))
    sample = Sample(
        seed=seed.sha256, seed_sequence=seed.sequence, population=len(population), size=len(drawn)
    )
    return sample, drawn


def versions_to_read(drawn: Iterable[DrawnObject]) -> list[tuple[str, str]]:
    """Keys and versions that reading a sample takes: the segments, and the manifests that name them."""
    items = list(drawn)
    manifests = {item.seal.manifest.key: item.seal.manifest.version_id for item in items}
    return [*manifests.items(), *((item.sealed.key, item.sealed.version_id) for item in items)]


def rank(seed: str, key: str) -> str:
    """Where a key stands in the order that a seed gives; hex."""
    return sha256(f"{seed}:{key}".encode()).hexdigest()


def confidence_statement(sample: Sample) -> str:
    """What a sample without a bad object proves, in a sentence.

    Drawing n of N without replacement misses all of B bad ones with
    probability C(N-B, n) / C(N, n). Where the store's checksum was compared
    instead of the bytes, the sentence rests on the store's word.
    """
    total, size = sample.population, sample.size
    if not total:
        return "No segments are sealed yet, so there was nothing to sample."
    if sample.by_checksum:
        return _by_checksum(sample, sample.by_checksum)
    if size >= total:
        return f"All {total} sealed segments were read: nothing rests on chance."
    if not size:
        return f"None of {total} sealed segments was read: that proves nothing of their content."
    bad = _smallest_detectable(total, size)
    return (
        f"{size} of {total} segments were read: with at least 95 % confidence fewer than {bad} "
        f"({100 * bad / total:.1f} %) of them are bad."
    )


def _by_checksum(sample: Sample, unread: int) -> str:
    total, size = sample.population, sample.size
    sentence = (
        f"{size} of {total} segments were drawn: {size - unread} were read, {unread} lie in a cold storage "
        "class and were held against the checksum that the store keeps"
    )
    if size >= total:
        return f"{sentence}. As far as the store's word goes, nothing rests on chance."
    bad = _smallest_detectable(total, size)
    return (
        f"{sentence}: as far as the store's word goes, with at least 95 % confidence fewer than {bad} "
        f"({100 * bad / total:.1f} %) of them are bad."
    )


def _smallest_detectable(total: int, size: int) -> int:
    """The least number of bad objects that the sample would have hit with 95 %.

    There is always one: of `total - size + 1` bad ones no sample misses all.
    """
    low, high = 1, total - size + 1
    while low < high:
        middle = (low + high) // 2
        if comb(total - middle, size) * 20 <= comb(total, size):
            high = middle
        else:
            low = middle + 1
    return low
