"""Figures of keys and signatures, from the envelopes as they were read."""

from __future__ import annotations

from collections import Counter

from audit_trail.evidence.public_key import PublicKey
from audit_trail.reporting.compliance.figures import Figure, Standing, standing_of
from audit_trail.reporting.compliance.measurement import Measurement
from audit_trail.reporting.key_validity import KeyValidity, key_validities

ALLOWED = {
    "rsassa-pss-sha256": "SHA-256",
    "ecdsa-sha2-nistp256": "SHA-256",
    "ecdsa-sha2-nistp384": "SHA-384",
    "ed25519": "SHA-512, within Ed25519 (RFC 8032)",
    "ml-dsa-65/1": "SHA-512, then SHAKE-256 within ML-DSA (FIPS 204)",
}
"""Schemes with SHA-256 or stronger, and what they digest with."""
MIN_RSA_BITS = 2048


def algorithms(found: Measurement) -> Figure:
    """Which algorithms sign, by the signatures that were really made."""
    known = found.view.history.known()
    made: Counter[str] = Counter()
    for keyid, count in found.seen.signatures.items():
        made[known[keyid].scheme if keyid in known else "by an unknown key"] += count
    promised = found.view.genesis.policy.algorithms
    findings = tuple(
        f"{made[scheme]} signatures by {scheme}, which is not on the list"
        for scheme in sorted(made.keys() | set(promised))
        if scheme not in ALLOWED
    )
    findings += tuple(
        f"no signature by {scheme}, which the genesis promises" for scheme in promised if not made[scheme]
    )
    findings += tuple(
        f"key {key.keyid[:16]} has {bits} bits, fewer than {MIN_RSA_BITS}"
        for key in known.values()
        if (bits := rsa_bits(key)) is not None and bits < MIN_RSA_BITS
    )
    return Figure(
        name="algorithms",
        value=" and ".join(sorted(made)),
        standing=standing_of(findings),
        explanation=", ".join(
            f"{count} {scheme} ({ALLOWED.get(scheme, '?')})" for scheme, count in sorted(made.items())
        )
        + f" in {found.seen.envelopes} envelopes. Objects, records and entries are digested by SHA-256.",
        findings=findings,
        sources=(found.ledger_source, f"genesis {found.view.genesis_sha256}: {', '.join(promised)}"),
        data={"signatures": dict(made), "envelopes": found.seen.envelopes, "allowed": sorted(ALLOWED)},
    )


def keys(found: Measurement) -> Figure:
    """Every key, for which entries it was believed, and what was revoked."""
    validities = key_validities(found.view.history)
    disbelieved = list(found.view.history.disbelieved(len(found.view.heads)))
    findings = tuple(
        f"entry {sequence} is signed by key {revocation.keyid[:16]}, revoked from entry "
        f"{revocation.from_sequence} on: {revocation.reason}"
        for sequence, revocation in disbelieved[:20]
    )
    active = {key.keyid for key in found.view.keys}
    revoked = sum(item.revocation is not None for item in validities)
    return Figure(
        name="keys",
        value=f"{len(active)} sign now",
        standing=Standing.FINDING if findings else Standing.GOOD,
        explanation=f"{len(validities)} keys in all, {revoked} of them revoked. "
        + "; ".join(_described(item) for item in validities)
        + ".",
        findings=findings,
        sources=(
            found.ledger_source,
            *(f"ledger entry {item.sequence}, a {item.kind}" for item in found.view.key_changes),
        ),
        data={"keys": [_to_json(item) for item in validities]},
    )


def rsa_bits(key: PublicKey) -> int | None:
    """The length of an RSA key; None for any other."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if key.keytype != "rsa":
        return None
    loaded = load_pem_public_key(key.public.encode())
    return loaded.key_size if isinstance(loaded, RSAPublicKey) else None


def _described(item: KeyValidity) -> str:
    bits = rsa_bits(item.key)
    until = "now" if item.last is None else str(item.last)
    kind = f"{item.key.scheme}, {bits} bits" if bits else item.key.scheme
    return f"{item.key.keyid[:16]} ({kind}) signs entries {item.first} to {until}"


def _to_json(item: KeyValidity) -> dict[str, object]:
    return {
        "keyid": item.key.keyid,
        "scheme": item.key.scheme,
        "bits": rsa_bits(item.key),
        "first_entry": item.first,
        "last_entry": item.last,
        "revoked_from_entry": item.revocation.from_sequence if item.revocation else None,
    }
