"""Bytes in, findings out."""
