"""Taking secrets and personal data out of log bytes, and nothing else."""

from __future__ import annotations

from audit_trail.redaction.policy import Policy, Rule
from audit_trail.redaction.policy_file import default_policy, load_policy
from audit_trail.redaction.redactor import Finding, Redaction, Redactor

__all__ = ["Finding", "Policy", "Redaction", "Redactor", "Rule", "default_policy", "load_policy"]
