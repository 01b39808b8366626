"""This process's resident memory as Linux counts it (proc(5))."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


def resident_bytes() -> int:
    """What is resident now."""
    return _field("VmRSS")


def peak_resident_bytes() -> int:
    """The most that was resident since the start, or since `forget_peak`."""
    return _field("VmHWM")


def forget_peak() -> None:
    """Let the peak begin again at what is resident now."""
    _CLEAR_REFS.write_text("5")


def _field(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0
