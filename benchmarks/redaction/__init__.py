"""Redaction on one core, beside other tools on the same bytes, and on inputs made to hurt it."""
