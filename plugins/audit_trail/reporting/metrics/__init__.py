"""Figures of single ledger entries, for CloudWatch or a file."""
