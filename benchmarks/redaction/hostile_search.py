"""Looks for inputs that are slow and that nobody has thought of yet.

Fragments that mean something to a redactor are put together at random: one
short unit many times over, the same behind a beginning, or fragments in any
order. Half a megabyte of each is enough to see time that grows with the
square of the length. What it finds belongs into `hostile.py`.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.redaction.engines import ENGINES

_TRIAL_BYTES = 500_000
_SHOWN = 25

# fmt: off
FRAGMENTS = (
    # Punctuation, plain and escaped
    b'"', b"'", b"\\", b'\\"', b'\\\\\\"', b"\\\\", b"=", b":", b": ", b"://", b"@", b".", b"-",
    b"--", b"_", b" ",
    b"\t", b",", b";", b"&", b"?", b"%", b"%40", b"%3A", b"\\u0040", b"\\n", b"{", b"}", b"[",
    b"]", b"<", b">",
    b"/", b"|", b"+", b"\n", b"\r\n", b"\x00", b"\xc3\xa4",
    # Words of keys
    b"password", b"passwd", b"pass", b"secret", b"token", b"key", b"sig", b"code", b"pin", b"name", b"value",
    b"--password", b"cookie", b"Cookie: ", b"Set-Cookie: ", b"Authorization: ", b"Bearer ",
    b"Basic ", b"Digest ",
    # Beginnings and wholes of values
    b"a", b"1", b"12", b"0.", b"null", b"true", b"abcdefghijklmnop", b"A1b2C3d4E5f6", b"base64",
    b"https", b"jdbc:",
    b"eyJ", b"eyJhbGciOi.", b"AKIA", b"ghp_", b"sk_live_", b"xoxb-", b"AIza", b"-----",
    b"-----END PRIVATE KEY-----",
    b"-----BEGIN PRIVATE KEY-----", b"4111 1111 1111 1111", b"4111111111111111", b"411", b"+1 415",
    b"123-45-6789",
    b"DE89", b"DE89 3704 0044 0532 0130 00", b"a@b.co", b"x.x@", b"user:pass@", b"[REDACTED:password]",
    b"[REDACTED:", b"2026-01-15T00:00:00Z",
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One input and its speed.

    Attributes:
        made_of: How to make it again.
        megabytes_per_s: By processor time.
    """

    made_of: str
    megabytes_per_s: float


def trials(seed: int) -> Iterator[tuple[str, bytes]]:
    """Endless inputs, the same for the same seed, each with a description."""
    dice = random.Random(seed)
    while True:
        unit = b"".join(dice.choices(FRAGMENTS, k=dice.randint(1, 6)))
        repeated = (unit * (_TRIAL_BYTES // len(unit) + 1))[:_TRIAL_BYTES]
        yield f"{unit!r} repeated", repeated
        beginning = b"".join(dice.choices(FRAGMENTS, k=dice.randint(1, 3)))
        yield f"{beginning!r}, then {unit!r} repeated", beginning + repeated
        few = dice.sample(FRAGMENTS, dice.randint(2, 5))
        count = _TRIAL_BYTES * len(few) // sum(map(len, few))
        yield f"{few!r} in any order", b"".join(dice.choices(few, k=count))


def main(seed: str, seconds: str, report: str) -> None:
    """Try for so many seconds and write the slowest trials, slowest first, to `report`."""
    redact = ENGINES["ours"]()
    end = time.monotonic() + float(seconds)
    tried: list[Trial] = []
    for made_of, data in trials(int(seed)):
        begin = time.process_time()
        for _ in redact([data]):
            pass
        speed = len(data) / 1e6 / max(time.process_time() - begin, 1e-9)
        tried.append(Trial(made_of=made_of, megabytes_per_s=speed))
        if time.monotonic() > end:
            break
    slowest = sorted(tried, key=lambda trial: trial.megabytes_per_s)[:_SHOWN]
    found = {"trials": len(tried), "slowest": [asdict(trial) for trial in slowest]}
    Path(report).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
