"""The machine's own logs as a second, real input: kept as they are now, as a log rotation would."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

MACHINE_LOGS = (
    *(
        "dpkg.log",
        "alternatives.log",
        "apt/*.log",
        "syslog",
        "messages",
        "auth.log",
        "kern.log",
        "system.log",
    ),
    *("install.log", "dnf.log", "pacman.log"),
)
MAX_BYTES = 64 * 1024 * 1024
"""A busy machine's syslog would turn a demo into a wait."""


def keep_machine_logs(folder: Path, root: Path = Path("/var/log")) -> list[Path]:
    """Copy the logs that are there and readable into `folder`, once.

    A later call finds the folder and changes nothing, as rotated logs do not
    change any more.

    Returns:
        The files in `folder`.
    """
    if not folder.exists():
        draft = folder.with_name(f".{folder.name}.{os.getpid()}")
        draft.mkdir(parents=True, mode=0o700)
        for pattern in MACHINE_LOGS:
            for path in sorted(root.glob(pattern)):
                _keep(path, draft / "-".join(path.relative_to(root).parts))
        draft.rename(folder)
    return sorted(folder.iterdir())


def _keep(path: Path, copy: Path) -> None:
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            log.warning("left out %s: not a file of at most %d bytes", path, MAX_BYTES)
            return
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
    except OSError as error:
        copy.unlink(missing_ok=True)
        log.warning("left out %s: %s", path, error.strerror)
