"""What each check is for: what its failure means, and what to do about it.

A finding carries what was expected, what was found and a first remedy. This is
the rest of what somebody needs who sees such a finding for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass

_STOP = "Do not delete or repair anything before it is copied: it may be evidence. "
_LOG = "The store's access log says who wrote or deleted what, and when. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A check in words: its title, what its failure means, and the next steps."""

    title: str
    means: str
    steps: str


def _meaning(title: str, means: str, steps: str) -> Meaning:
    return Meaning(title=title, means=means, steps=steps)


UNKNOWN = _meaning(
    "A check did not pass",
    "Something is not as the ledger says, or could not be looked at.",
    "Follow the remedy of the finding. The log of the verification has every check.",
)
MEANINGS: dict[str, Meaning] = {
    "day.sealed": _meaning(
        "Day without a seal",
        "The day is over and due, and nothing in the ledger speaks of it: its logs are not provable yet.",
        "Trigger the day here, or backfill several in Airflow. If it truly has no logs, say so and why with "
        "`audit-trail declare-gap`.",
    ),
    "day.complete": _meaning(
        "Late data",
        "A source holds bytes of a sealed day that no seal has: they came after it was sealed.",
        "Trigger the day again: what is new is sealed as its next revision, the first one stays.",
    ),
    "day.ranges": _meaning(
        "Ranges of a file that do not join up",
        "The byte ranges that the day's revisions took of a file leave some bytes out, or take some twice.",
        "Hold the named file against the sealed records, and find out who ran the pipeline.",
    ),
    "ledger.chain": _meaning(
        "The ledger does not hold",
        "An entry is missing, was changed, or is not signed by the keys that were believed at its place.",
        _STOP + "Compare the versions of the entry in the store. " + _LOG + "Nothing from that entry on "
        "counts as proven.",
    ),
    "ledger.pin": _meaning(
        "Not the ledger seen before",
        "The head that is remembered outside the bucket is not in this ledger, or cannot be read: this may "
        "be an older copy, a shortened ledger, or another one.",
        _STOP + "Find out which of the two changed, the bucket or what is remembered. " + _LOG,
    ),
    "ledger.overlaid": _meaning(
        "Something lies over the ledger",
        "Somebody put another version, a delete marker, or a foreign object into the ledger's folder. The "
        "sealed versions are still there.",
        _LOG + "Take away that right from whoever did it; the sealed versions stay valid.",
    ),
    "ledger.lock": _meaning(
        "Weak lock on the ledger",
        "An entry or time-stamp token is locked for less time, or less strictly, than the archive promised.",
        "Lock that version again until the promised date, and find out who could shorten it.",
    ),
    "ledger.entry": _meaning(
        "Not the entry that was written",
        "The ledger holds another entry at the place where the run wrote its own.",
        _STOP + _LOG,
    ),
    "ledger.revoked-key": _meaning(
        "Signed by a revoked key",
        "The entry was signed by a key that was later declared lost or stolen from that entry on.",
        "Hold what the entry says against another source before relying on it, such as the sources "
        "themselves or a copy of the ledger made before.",
    ),
    "seal.keys": _meaning(
        "A seal names another day's objects",
        "The seal was signed with objects outside its own day's folders.",
        "Find out who ran the pipeline, and with which version and settings.",
    ),
    "seal.interval": _meaning(
        "A seal's interval is not its day",
        "The seal covers another span than its UTC day, or was written before the day had ended.",
        "Find out who ran the pipeline, and with which clock.",
    ),
    "seal.reason": _meaning(
        "Sealed again without a reason",
        "A later revision of a day does not say why the day was sealed again.",
        "Find out who ran the pipeline, and with which version and settings.",
    ),
    "seal.policy": _meaning(
        "Locked less than promised",
        "Objects were sealed under a weaker lock than the genesis promises.",
        "Lock the named versions as promised, and correct `archive.lock_mode` and `archive.retain_days`.",
    ),
    "manifest.signed": _meaning(
        "The manifest is not the sealed one",
        "The day's list of segments and inputs is missing, changed, or not signed as it must be.",
        _STOP + "Look for older versions of the object in the store. " + _LOG,
    ),
    "object.present": _meaning(
        "A sealed object is gone",
        "The store has no object under the sealed key and version.",
        _STOP + "With COMPLIANCE locks the store itself should have refused: ask its operator. " + _LOG,
    ),
    "object.size": _meaning(
        "Another size than sealed",
        "The object is longer or shorter than what was sealed.",
        _STOP + _LOG,
    ),
    "object.checksum": _meaning(
        "Other bytes than sealed",
        "The checksum that the store keeps is not the sealed one.",
        _STOP + "Verify the day with level `content`, which reads the bytes. " + _LOG,
    ),
    "object.lock": _meaning(
        "Weak lock on an object",
        "The object is locked for less time, or less strictly, than when it was sealed.",
        "Lock that version again until the sealed date, and find out who could shorten it.",
    ),
    "listing.clean": _meaning(
        "The folder could not be listed",
        "Whether something lies over or beside the sealed objects is not known.",
        "Check the credentials and the right to list versions, then verify the day again.",
    ),
    "listing.delete-marker": _meaning(
        "Hidden by a delete marker",
        "Somebody deleted a sealed object without naming its version: the locked version is still there.",
        "Remove the delete marker, and take away that right from whoever set it. " + _LOG,
    ),
    "listing.overlaid": _meaning(
        "Covered by another version",
        "Somebody wrote over a sealed object: the locked version is still there, and a plain read gives the "
        "other one.",
        _LOG + "Read by version id until the other version is gone.",
    ),
    "listing.unsealed": _meaning(
        "An object that nobody sealed",
        "Something lies in the archive that no ledger entry names.",
        "Give files of your own another bucket or prefix. If a run is sealing right now, verify again later.",
    ),
    "content.readable": _meaning(
        "Bytes that could not be read",
        "The object could not be read or decompressed as what it was sealed as.",
        "If it is in a cold storage class, restore it first; otherwise treat it as changed. " + _LOG,
    ),
    "content.stored": _meaning(
        "Other bytes than sealed", "The stored bytes have another digest than the sealed ones.", _STOP + _LOG
    ),
    "content.records": _meaning(
        "Other records than sealed",
        "The decompressed records are not the ones that were sealed, or not as many.",
        _STOP + _LOG,
    ),
    "content.merkle-root": _meaning(
        "Other records than sealed",
        "The tree over the records has another root: at least one record is not the sealed one.",
        _STOP + _LOG,
    ),
    "time.token": _meaning(
        "No time-stamp, or a wrong one",
        "The time-stamping authority does not attest this entry, or nobody asked it in time.",
        "If the authority could not be reached, the next run makes up for it. If a token is wrong, compare "
        "`timestamps.certificate_file` with the authority's own certificate.",
    ),
    "time.order": _meaning(
        "Times that contradict each other",
        "An entry claims to be older, or younger, than the time-stamping authority attests.",
        "Check the clocks of the workers. Where they are right, the entry was back-dated.",
    ),
    "verification.incomplete": _meaning(
        "Not everything could be checked",
        "The newest verification of the day could not make all of its checks. That is no sign of tampering, "
        "and no proof of the opposite.",
        "Look up why in the log of that run, then verify the day again.",
    ),
}


def meaning_of(check: str) -> Meaning:
    """What a check is about; a general answer for one of a newer version."""
    return MEANINGS.get(check, UNKNOWN)
