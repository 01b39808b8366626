"""How to check an entry, a manifest or a key of an archive by hand, from what its ledger says."""

from __future__ import annotations

from collections.abc import Collection

from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.pipeline.hand_commands import (
    ArchiveCommands,
    Commands,
    check_signature,
    check_statement,
    file_name,
    rsa_keys,
)
from audit_trail.settings import ArchiveSettings
from audit_trail.verification.ledger_walk import LedgerView


def key_commands(archive: ArchiveSettings, view: LedgerView, keys: Collection[PublicKey]) -> Commands:
    """Take the RSA keys among some from the ledger entries that brought them."""
    commands: list[str] = []
    for key in rsa_keys(tuple(keys)):
        sequence = _brought_by(view, key)
        commands += ArchiveCommands(archive=archive).learn_key(
            key, sequence=sequence, version_id=view.versions[sequence], sha256=view.heads[sequence]
        )
    return tuple(commands)


def seal_commands(archive: ArchiveSettings, view: LedgerView, seal: Seal) -> Commands:
    """Fetch a seal; compare its digest, its link and the manifest it names; verify its signature."""
    name = file_name(ledger_key(seal.sequence))
    keys = view.history.era_at(seal.sequence).keys
    commands = [
        *ArchiveCommands(archive=archive).check_fetched(
            ledger_key(seal.sequence), view.versions[seal.sequence], view.heads[seal.sequence]
        ),
        check_statement(name, ".predicate.date", seal.date),
        check_statement(name, ".predicate.previous", seal.previous),
        check_statement(name, ".predicate.manifest.sha256", seal.manifest.sha256),
    ]
    if seal.run is not None:
        commands.append(check_statement(name, ".predicate.run", seal.run.to_json()))
    for key in rsa_keys(keys):
        commands += check_signature(name, key)
    return tuple(commands)


def entry_commands(archive: ArchiveSettings, view: LedgerView, sequence: int) -> Commands:
    """Fetch any entry, and verify its signature by the keys of its place."""
    name = file_name(ledger_key(sequence))
    commands = [
        *ArchiveCommands(archive=archive).check_fetched(
            ledger_key(sequence), view.versions[sequence], view.heads[sequence]
        )
    ]
    for key in rsa_keys(view.history.era_at(sequence).keys):
        commands += check_signature(name, key)
    return tuple(commands)


def _brought_by(view: LedgerView, key: PublicKey) -> int:
    """The number of the entry that names a key first."""
    for entry in (view.genesis, *view.key_changes):
        if key in entry.keys:
            return entry.sequence
    raise LookupError("no entry brings this key")
