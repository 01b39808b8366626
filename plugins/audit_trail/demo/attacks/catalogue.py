"""All attacks by name: what the attacker does, and which check is to find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audit_trail.demo.attacks import between_tasks, on_the_storage, through_the_api, with_keys
from audit_trail.demo.attacks.scene import Scene
from audit_trail.errors import IntegrityError
from audit_trail.verification.checks import EXIT_WRONG
from audit_trail.verification.verifier import Report

REFUSED = "refused"
"""In place of a check: the next stage, or the store, refused to go on."""
CONTROL = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        name: For `--attack`.
        play: Plays it and verifies what is left; an IntegrityError counts as found.
        found_by: Checks that must fail, all of them; nothing for the control.
    """

    name: str
    play: Callable[[Scene], Report]
    found_by: frozenset[str]

    @property
    def does(self) -> str:
        """What the attacker does, in a sentence."""
        return (self.play.__doc__ or "").split("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of an attack.

    Attributes:
        attack: Which.
        failed: Names of the checks that failed, or `REFUSED`.
        says: The first finding in words.
        exit_code: Of the verification.
    """

    attack: Attack
    failed: tuple[str, ...]
    says: str
    exit_code: int

    @property
    def as_expected(self) -> bool:
        """Whether the attack was found by what has to find it, or the control raised no alarm."""
        if self.attack.name == CONTROL:
            return self.exit_code == 0 and not self.failed
        return self.exit_code == EXIT_WRONG and self.attack.found_by <= set(self.failed)


def _attacks() -> dict[str, Attack]:
    chain, checksum = "ledger.chain", "object.checksum"
    storage, api, keys, tasks = on_the_storage, through_the_api, with_keys, between_tasks
    table: list[tuple[Callable[[Scene], Report], str]] = [
        (storage.cut_tail, "ledger.pin"),
        (storage.delete_everything, chain),
        (storage.delete_one_day, chain),
        (storage.delete_run_of_days, chain),
        (storage.change_record, f"{checksum} content.records content.merkle-root"),
        (storage.insert_record, f"{checksum} content.readable"),
        (storage.drop_record, f"{checksum} content.records content.merkle-root"),
        (storage.reorder_records, f"{checksum} content.records content.merkle-root"),
        (storage.append_behind_frame, f"{checksum} object.size"),
        (storage.decompression_bomb, f"{checksum} content.readable"),
        (storage.swap_segments, f"{checksum} content.records"),
        (storage.swap_days, chain),
        (storage.replay_old_seal, chain),
        (storage.strip_signature, chain),
        (storage.another_genesis, chain),
        (storage.shorten_lock, "object.lock ledger.lock"),
        (storage.drop_lock, "object.lock"),
        (storage.lock_in_governance, "object.lock ledger.lock"),
        (api.delete_marker, "listing.delete-marker"),
        (api.new_version_on_top, "listing.overlaid"),
        (api.unsealed_object, "listing.unsealed"),
        (api.delete_and_unlock, REFUSED),
        (keys.replace_entry, chain),
        (keys.substitute_key, chain),
        (keys.sign_with_revoked_key, chain),
        (keys.revoked_for_the_past, "ledger.revoked-key"),
        (keys.sign_with_key_to_come, chain),
        (keys.rotation_by_new_keys_alone, chain),
        (keys.weaker_algorithm, chain),
        (keys.revocation_of_a_healthy_key, chain),
        (keys.seal_twice, chain),
        (keys.back_date, "seal.interval"),
        (keys.objects_of_another_day, "seal.keys"),
        (tasks.edit_between_collect_and_sanitize, REFUSED),
        (tasks.edit_between_sanitize_and_hash, REFUSED),
        (tasks.edit_between_hash_and_upload, REFUSED),
        (tasks.edit_between_sign_and_upload, REFUSED),
        (tasks.edit_xcom, REFUSED),
        (tasks.change_source_after_sealing, REFUSED),
        (storage.no_attack, ""),
    ]
    made = [Attack(name=_name(play), play=play, found_by=frozenset(checks.split())) for play, checks in table]
    return {attack.name: attack for attack in made}


def _name(play: Callable[[Scene], Report]) -> str:
    return CONTROL if play is on_the_storage.no_attack else play.__name__.replace("_", "-")


ATTACKS: Mapping[str, Attack] = _attacks()


def play(attack: Attack, scene: Scene) -> Played:
    """Play one attack and say what found it."""
    try:
        report = attack.play(scene)
    except IntegrityError as error:
        return Played(attack=attack, failed=(REFUSED,), says=str(error), exit_code=error.exit_code)
    findings = report.checks.not_passed
    says = f"{findings[0].where}: {findings[0].found}" if findings else "no finding"
    failed = tuple(dict.fromkeys(check.name for check in findings))
    return Played(attack=attack, failed=failed, says=says, exit_code=report.exit_code)
