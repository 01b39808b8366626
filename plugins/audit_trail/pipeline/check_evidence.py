"""The checks of a verification as evidence: what did not pass first, then the rest, then the commands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.pipeline.archive_evidence import key_commands, seal_commands
from audit_trail.pipeline.evidence_writer import group, say_check, say_commands
from audit_trail.pipeline.hand_commands import (
    ArchiveCommands,
    check_content,
    check_lines,
    check_signature,
    file_name,
    rsa_keys,
)
from audit_trail.settings import ArchiveSettings
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView

_CONTENT = re.compile(r"([0-9a-f]{64}) \(([0-9]+) bytes, ([0-9]+) records\)\Z")
"""As `content_checks` says what a segment should hold."""


def say_checks(checks: CheckList) -> None:
    """Write what did not pass, for everybody to see, and what passed, folded."""
    for check in checks.not_passed:
        say_check(check)
    passed = [check for check in checks.kept if check.outcome is Outcome.PASS]
    with group(f"{checks.total(Outcome.PASS)} checks passed"):
        for check in passed:
            say_check(check)


def say_how_to_check(
    archive: ArchiveSettings,
    view: LedgerView,
    seals: Collection[Seal],
    sampled: Iterable[SealedObject],
    checks: CheckList,
) -> None:
    """Write the commands that repeat the checks of some seals, their objects, and sampled content.

    Args:
        archive: Where it is.
        view: The walked ledger.
        seals: Whose entries, manifests and objects were looked at.
        sampled: Objects of any day whose bytes were read.
        checks: What was found; a segment whose bytes were read says there what it should hold.
    """
    commands = ArchiveCommands(archive=archive)
    content = {check.where: check for check in checks.kept if check.name == "content.records"}
    keys = {key.keyid: key for seal in seals for key in view.history.era_at(seal.sequence).keys}
    with group("How to repeat these checks without this package"):
        say_commands(key_commands(archive, view, keys.values()))
        for seal in seals:
            say_commands(seal_commands(archive, view, seal))
            say_commands(_manifest_commands(commands, view, seal))
            for sealed in seal.objects:
                say_commands([commands.check_described(sealed), commands.check_lock(sealed)])
        for sealed in sampled:
            check = content.get(f"{sealed.key} version {sealed.version_id}")
            if check is not None:
                say_commands(_content_commands(commands, sealed, check))


def _manifest_commands(commands: ArchiveCommands, view: LedgerView, seal: Seal) -> Iterable[str]:
    item = seal.manifest
    yield from commands.check_fetched(item.key, item.version_id, item.sha256)
    yield commands.check_lock(item)
    # The manifest may be older than a change of keys; then its own era's key is not in the folder.
    for key in rsa_keys(view.history.era_at(seal.sequence).keys):
        yield from check_signature(file_name(item.key), key)


def _content_commands(commands: ArchiveCommands, sealed: SealedObject, check: Check) -> Iterable[str]:
    said = _CONTENT.match(check.expected)
    if said is None:
        return
    name = file_name(sealed.key)
    yield from commands.check_fetched(sealed.key, sealed.version_id, sealed.sha256)
    yield from check_content(name, sha256=said[1], size=int(said[2]))
    yield check_lines(name, int(said[3]))
