"""Nobody can foresee a sample, anybody can draw it again, and it claims no more than it proves."""

from __future__ import annotations

import hashlib
import json
import re
from fractions import Fraction
from itertools import combinations

import pytest
from tests.verification.memory_archive import MemoryArchive

from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import Sample
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.signing.pins import Head
from audit_trail.verification.sampling import confidence_statement, draw_sample

SEED = Head(sequence=3, sha256="5" * 64)


def drawn_keys(archive: MemoryArchive, *, seed: Head = SEED, size: int = 2) -> list[str]:
    return [item.sealed.key for item in draw_sample(archive.view.seals, seed=seed, size=size)[1]]


def described(population: int, size: int) -> Sample:
    return Sample(seed="5" * 64, seed_sequence=3, population=population, size=size)


def test_a_stranger_draws_the_same_sample_from_the_ledgers_bytes_alone(archive: MemoryArchive) -> None:
    """With JSON, base64 and SHA-256, and none of this package's code."""
    entries = [archive.store.read(ledger_key(number), max_bytes=1 << 20) for number in range(4)]
    seed = hashlib.sha256(entries[3]).hexdigest()
    keys = []
    for entry in entries:
        predicate = json.loads(parse_envelope(entry, where="").payload)["predicate"]
        keys += [item["key"] for item in predicate.get("objects", [])]
    assert len(keys) == 4
    ranked = sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).hexdigest())
    sample, drawn = draw_sample(archive.view.seals, seed=archive.head, size=3)
    assert [item.sealed.key for item in drawn] == ranked[:3]
    assert sample == Sample(seed=seed, seed_sequence=3, population=4, size=3)


def test_the_order_of_seals_does_not_matter(archive: MemoryArchive) -> None:
    seals = archive.view.seals
    assert draw_sample(seals, seed=SEED, size=3) == draw_sample(seals[::-1], seed=SEED, size=3)


def test_another_seed_draws_another_sample(archive: MemoryArchive) -> None:
    seeds = [Head(sequence=3, sha256=f"{number:064x}") for number in range(40)]
    samples = {tuple(sorted(drawn_keys(archive, seed=seed))) for seed in seeds}
    assert len(samples) == 6, "of four objects, two can be drawn in six ways, and forty seeds find all"


def test_each_drawn_object_comes_with_its_own_seal(archive: MemoryArchive) -> None:
    for item in draw_sample(archive.view.seals, seed=SEED, size=4)[1]:
        assert item.sealed in item.seal.objects


def test_an_object_named_by_two_revisions_is_drawn_once(archive: MemoryArchive) -> None:
    """Late data can be the very bytes that were sealed before: the same key and version."""
    archive.seal("2026-01-06", b"six\n" * 40)
    sample, _ = draw_sample(archive.view.seals, seed=SEED, size=10)
    assert (sample.population, sample.size) == (4, 4)


def test_an_empty_population(fresh: MemoryArchive) -> None:
    fresh.seal("2026-01-05")
    sample, drawn = draw_sample(fresh.view.seals, seed=fresh.head, size=20)
    assert (sample.population, sample.size, drawn) == (0, 0, [])
    assert "nothing to sample" in confidence_statement(sample)


@pytest.mark.parametrize("size", [4, 5])
def test_a_whole_population_leaves_nothing_to_chance(size: int) -> None:
    assert "nothing rests on chance" in confidence_statement(described(4, size))


def test_a_sample_of_nothing_claims_nothing() -> None:
    assert "confidence" not in confidence_statement(described(10, 0))


@pytest.mark.parametrize("population", [2, 3, 7, 10, 12])
def test_the_claim_is_the_strongest_true_one(population: int) -> None:
    """Every possible sample is tried against every possible number of bad objects."""
    for size in range(1, population):
        claim = re.search(
            r"95 % confidence fewer than (\d+) ", confidence_statement(described(population, size))
        )
        assert claim is not None
        bad = int(claim[1])
        assert chance_of_missing(population, size, bad) * 20 <= 1
        assert bad == 1 or chance_of_missing(population, size, bad - 1) * 20 > 1


def test_exactly_95_percent_is_enough() -> None:
    """Of 20 objects, 19 drawn miss a single bad one in exactly one case of twenty."""
    assert chance_of_missing(20, 19, 1) == Fraction(1, 20)
    assert "fewer than 1 " in confidence_statement(described(20, 19))


def chance_of_missing(population: int, size: int, bad: int) -> Fraction:
    """By counting: how many of all samples hold none of the first `bad` objects."""
    samples = list(combinations(range(population), size))
    return Fraction(sum(min(sample) >= bad for sample in samples), len(samples))


def test_a_long_history_is_no_burden() -> None:
    """Ten years of a thousand segments a day."""
    statement = confidence_statement(described(3_650_000, 300))
    assert "fewer than 36266 (1.0 %)" in statement


def test_what_was_not_read_is_said_and_on_whose_word_it_rests() -> None:
    some = confidence_statement(described(1000, 20).model_copy(update={"by_checksum": 15}))
    assert "20 of 1000 segments were drawn: 5 were read, 15 lie in a cold storage class" in some
    # The same number as of 20 that were read, and a condition to it.
    assert "fewer than 138 (13.8 %)" in confidence_statement(described(1000, 20))
    assert "as far as the store's word goes, with at least 95 % confidence fewer than 138 (13.8 %)" in some
    every = described(20, 20).model_copy(update={"by_checksum": 1})
    assert "As far as the store's word goes, nothing rests on chance" in confidence_statement(every)
