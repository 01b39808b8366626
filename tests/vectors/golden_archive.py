"""The archives that were made once and never change, as files, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from audit_trail.archive.ledger import RawEntry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.ledger_walk import LedgerView, walk

HERE = Path(__file__).parent
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenArchive:
    """A folder of golden bytes. Its digests stand here once more, so that they cannot change with the files.

    Attributes:
        name: Of its folder.
        count: How many ledger entries it has.
        genesis: SHA-256 of the first one.
        head: SHA-256 of the last one.
        sums: SHA-256 of `SHA256SUMS`.
        records: How many records its segments hold.
    """

    name: str
    count: int
    genesis: str
    head: str
    sums: str
    records: int

    @property
    def folder(self) -> Path:
        return HERE / self.name

    def read(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def entries(self, changed: int | None = None, change: Callable[[bytes], bytes] = bytes) -> list[RawEntry]:
        """All entries of the ledger, one of them changed."""
        found = []
        for number in range(self.count):
            data = self.read(ledger_key(number))
            data = change(data) if number == changed else data
            found.append(RawEntry(sequence=number, key=ledger_key(number), version_id="v", data=data))
        return found

    def view(self) -> LedgerView:
        return walk(self.entries(), self.genesis)

    def listed(self) -> dict[str, str]:
        """SHA-256 by file, as `SHA256SUMS` lists them."""
        lines = self.read(SUMS).decode("ascii").splitlines()
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}

    def there(self) -> dict[str, str]:
        """SHA-256 by file, of what lies in the folder."""
        return {
            path.relative_to(self.folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != SUMS
        }


V1 = GoldenArchive(
    name="v1",
    count=4,
    genesis="f409eb17b3a8f4724223bfa0ab4d700962d72e8ece035ff8e9a38511325a53fc",
    head="46f8606253ace61a9336381081725fc2d09ec3ddda6988da3caa47d8ddc4bc77",
    sums="c053a0c0c79b8517729bc18fedf03e2113e51a00ac459016de07c4edf04342f3",
    records=6,
)
ALL_KINDS = GoldenArchive(
    name="v1-all-kinds",
    count=8,
    genesis="78965bfb0aab78250d305576eb8d47ac0ae4a58839c1e36da9b6c6d2cccf721f",
    head="b33b2c8300ebd2a7d28b4643aed8d3cd4924d68ba6427ea040414da949c831af",
    sums="bbb6af71ce4012ce6f54e066578d414c5c6a9c21c89e61bafb8ce6fcad670f81",
    records=7,
)
ALGORITHMS = GoldenArchive(
    name="v1-algorithms",
    count=4,
    genesis="9d556b776a29d77f44068558d47dddba5a301fcc92f32da91cac5e6a7e58b0c2",
    head="a417116b020822a447a7399a32e2f943d98714571bdded0b5f16cae7fd583ce3",
    sums="070667f435caa9ee3ca4bb901d978e2b5799605f48256a43b2a420e649425cb8",
    records=0,
)
RUNS = GoldenArchive(
    name="v1-runs",
    count=7,
    genesis="142261b3fac39850cd743b37473f334a35165d06d6e74403b8fbbdaebe5334f6",
    head="af4511e2f957f4a14d5a4528648599894e8154b7ea3e437f6276385c4da3b9d6",
    sums="26161c09cbbd0596dd278d216097ccf3e62c991d0a1db9e22e39c53b5e7eeff5",
    records=3,
)
ARCHIVES = (V1, ALL_KINDS, ALGORITHMS, RUNS)
