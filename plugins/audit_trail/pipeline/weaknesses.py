"""What is set weaker than the default: allowed, and never silent."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from audit_trail.redaction.policy_file import load_policy
from audit_trail.redaction.policy_weaknesses import policy_weaknesses
from audit_trail.settings import Settings
from audit_trail.signing.local_keys import PASSPHRASE_NAME

_UNENCRYPTED = re.compile(r"airflow-events\+http://(?!(?:localhost|127\.[0-9.]+|\[::1\])(?:[:/]|$))")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def weaknesses(settings: Settings) -> list[str]:
    """Everything that is set weaker than the default, in sentences."""
    found = []
    if settings.archive.lock_mode != "COMPLIANCE":
        found.append("archive.lock_mode is GOVERNANCE: whoever holds the bypass permission can delete")
    if settings.archive.retain_days < Settings.model_fields["archive"].default.retain_days:
        found.append(f"archive.retain_days is {settings.archive.retain_days}")
    if not settings.signing.post_quantum:
        found.append("signing.post_quantum is off: no signature outlives RSA and elliptic curves")
    if settings.signing.passphrase is None and (settings.keys / PASSPHRASE_NAME).exists():
        found.append("the passphrase lies beside the keys: whoever reads the folder can sign")
    if _in_the_clear(settings.signing.vault_url):
        found.append("signing.vault_url is http: whoever is on the way reads the token, and signs")
    if not settings.collect_journal:
        found.append("collect_journal is off: what AuditLogger writes is not sealed")
    for source in settings.sources:
        if _UNENCRYPTED.match(source.url):
            found.append(f"source {source.name}: its credentials cross the network without TLS")
    if settings.redaction.policy_file is not None:
        found += policy_weaknesses(load_policy(settings.redaction.policy_file))
    return found


def _in_the_clear(url: str | None) -> bool:
    return url is not None and url.startswith("http:") and urlsplit(url).hostname not in _LOOPBACK
