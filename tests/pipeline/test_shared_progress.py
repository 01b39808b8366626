from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from audit_trail.pipeline.shared_progress import SharedProgress

Told = list[tuple[str, int, int]]


def test_a_stage_s_parts_are_added_up() -> None:
    told: Told = []
    shared = SharedProgress(lambda *what: told.append(what))
    first, second = shared.part(100), shared.part(300)
    first("sanitize", 50, 100)
    second("sanitize", 300, 300)
    first("sanitize", 100, 100)
    assert told == [("sanitize", 50, 400), ("sanitize", 350, 400), ("sanitize", 400, 400)]


def test_stages_that_count_in_other_bytes_end_at_the_same_total() -> None:
    told: Told = []
    shared = SharedProgress(lambda *what: told.append(what))
    part = shared.part(100)
    part("sanitize", 100, 100)
    part("hash", 45, 90)
    part("hash", 90, 90)
    assert told[1:] == [("hash", 50, 100), ("hash", 100, 100)]


def test_an_empty_part_is_done_when_it_says_so() -> None:
    told: Told = []
    SharedProgress(lambda *what: told.append(what)).part(0)("upload", 0, 0)
    assert told == [("upload", 0, 0)]


def test_threads_do_not_lose_bytes() -> None:
    told: Told = []
    shared = SharedProgress(lambda *what: told.append(what))

    def work(part_bytes: int) -> None:
        progress = shared.part(part_bytes)
        for done in range(part_bytes + 1):
            progress("sanitize", done, part_bytes)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [500] * 8))
    assert told[-1] == ("sanitize", 4000, 4000)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
