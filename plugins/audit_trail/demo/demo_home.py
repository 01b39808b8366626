"""The home folder that `demo` and `up` set up: settings, store, keys, archive, logs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.machine_logs import keep_machine_logs
from audit_trail.demo.samples import write_samples
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.private_file import write_private
from audit_trail.settings import (
    CONFIG_NAME,
    CONFIG_VARIABLE,
    ENV_PREFIX,
    Settings,
    literal_path,
    load_settings,
)
from audit_trail.signing.local_keys import INDEX_NAME, generate_keys, make_passphrase

MARK = "# Written by `audit-trail demo`; `audit-trail demo --clean` removes this folder's content.\n"
STORE_FOLDER = "store"
MACHINE_FOLDER = "machine"
BUCKET = "audit-trail-demo"
OURS = (
    *(CONFIG_NAME, STORE_FOLDER, MACHINE_FOLDER, "airflow", "evidence", "genesis.sha256", "journal", "keys"),
    *("ledger", "logs", "pins", "staging", "task-logs"),
)
"""Everything that the demo puts into its home, and the only things that `--clean` removes."""
NEVER_FIRST = ("genesis.sha256", "journal", "keys", "ledger", "pins")
"""The demo makes these after its settings file: without it they are somebody else's."""


def check_home(home: Path) -> None:
    """Refuse a home folder that somebody configured for real, by file or by environment.

    Raises:
        ConfigurationError: Its settings file is not the demo's, or it is in use without one.
    """
    config = home / CONFIG_NAME
    if os.path.lexists(config):
        real = [] if config.is_file() and config.read_bytes().startswith(MARK.encode()) else [config]
    else:
        real = [home / name for name in NEVER_FIRST if os.path.lexists(home / name)]
    if real:
        raise ConfigurationError(
            "this home folder belongs to a real archive",
            where=str(real[0]),
            remedy="set AUDIT_TRAIL_HOME to an empty folder for the demo",
        )


def clean_home(home: Path) -> None:
    """Remove what the demo made, and nothing else.

    Raises:
        ConfigurationError: The home folder is not the demo's, or is in use.
        StorageError: Something in it cannot be removed.
    """
    with _own_errors(home):
        _clean(home)


def _clean(home: Path) -> None:
    check_home(home)
    if EmbeddedStore(home / STORE_FOLDER).is_in_use():
        raise ConfigurationError(
            "a store is running in this home folder",
            where=str(home / STORE_FOLDER),
            remedy="stop `audit-trail up` first (Ctrl-C in its terminal)",
        )
    if not (home / CONFIG_NAME).exists():
        # Never begun, or interrupted before the store was configured: nothing refers to it.
        return
    for name in OURS:
        path = home / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def running_home(home: Path) -> Iterator[Settings]:
    """The demo's store, started and configured; stopped again at the end.

    Raises:
        ConfigurationError: The home folder is not the demo's, or the environment leads out of it.
        StorageError: The store does not start, or the home folder cannot be used, now or
            in the block.
    """
    with _own_errors(home):
        check_home(home)
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with EmbeddedStore(home / STORE_FOLDER) as store:
            _write_settings(home, store)
            settings = load_settings(home=home)
            _check_settings(settings, home, store)
            yield settings


def prepare_archive(settings: Settings) -> str:
    """Keys and genesis, if they are not there; the archive's identity."""
    if not (settings.keys / INDEX_NAME).exists():
        make_passphrase(settings)
        generate_keys(settings)
    return found_archive(StageContext(settings=settings)).genesis_sha256


def prepare_logs(settings: Settings, day: date, count: int) -> None:
    """Sample logs and the machine's own logs of a day, unless they are there."""
    if not any(settings.journal.glob(f"*/{day.isoformat()}/*")):
        write_samples(settings.journal, day=day, count=count)
    keep_machine_logs(settings.home / MACHINE_FOLDER / day.isoformat())


def _check_settings(settings: Settings, home: Path, store: EmbeddedStore) -> None:
    """Variables are stronger than the file: they could lead the demo to a real bucket or journal."""
    home = home.expanduser().absolute()
    places = {
        "archive.endpoint_url": (settings.archive.endpoint_url, store.endpoint_url),
        "archive.bucket": (settings.archive.bucket, BUCKET),
        "journal_dir": (settings.journal, home / "journal"),
        "staging_dir": (settings.staging, home / "staging"),
        "keys_dir": (settings.keys, home / "keys"),
    }
    for field, (found, expected) in places.items():
        if found != expected:
            raise ConfigurationError(
                "the environment sets the demo to something that is not its own",
                where=field,
                expected=str(expected),
                found=str(found),
                remedy=f"unset {CONFIG_VARIABLE} and every {ENV_PREFIX}* variable but {ENV_PREFIX}HOME",
            )


def _write_settings(home: Path, store: EmbeddedStore) -> None:
    # YAML is a superset of JSON, which quotes every path right.
    value = {
        "archive": {
            "name": "demo",
            "bucket": BUCKET,
            "endpoint_url": store.endpoint_url,
            "credentials_file": str(store.credentials_file),
        },
        "embedded_store_dir": str(home / STORE_FOLDER),
        # Only tasks that a scheduler starts leave log files: those of `up`, not those of `demo`.
        "task_logs": {"folder": str(home / "airflow" / "logs")},
        "sources": [
            {
                "name": "machine",
                "kind": "system",
                "url": f"file://{literal_path(str(home))}/{MACHINE_FOLDER}/{{date}}/*",
            }
        ],
    }
    write_private(home / CONFIG_NAME, MARK + json.dumps(value, indent=2) + "\n")


@contextmanager
def _own_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # not the folder: the reader of our output has gone
    except OSError as error:
        raise StorageError(
            "the demo's home folder cannot be used",
            where=str(error.filename or home),
            found=error.strerror or type(error).__name__,
            remedy="correct it, or set AUDIT_TRAIL_HOME to an empty folder for the demo",
        ) from error
