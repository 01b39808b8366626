"""What arguments are made of."""

from __future__ import annotations

import argparse


def positive(text: str) -> int:
    """A whole number above 0, in the digits of ASCII.

    Raises:
        ArgumentTypeError: Anything else.
    """
    # Longer ones are refused by Python with a message of its own.
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not int(text):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number above 0")
    return int(text)
