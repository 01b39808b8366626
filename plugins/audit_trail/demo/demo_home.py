"""The home folder that `demo` and `up` set up: settings, store, keys, archive, logs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.machine_logs import keep_machine_logs
from audit_trail.demo.private_file import write_private
from audit_trail.demo.samples import write_samples
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import CONFIG_NAME, Settings, literal_path, load_settings
from audit_trail.signing.local_keys import INDEX_NAME, generate_keys, make_passphrase

MARK = "# Written by `audit-trail demo`; `audit-trail demo --clean` removes this folder's content.\n"
STORE_FOLDER = "store"
MACHINE_FOLDER = "machine"
BUCKET = "audit-trail-demo"
OURS = (
    *(CONFIG_NAME, STORE_FOLDER, MACHINE_FOLDER, "airflow", "evidence", "genesis.sha256", "journal", "keys"),
    *("logs", "pins", "staging"),
)
"""Everything that the demo puts into its home, and the only things that `--clean` removes."""


def check_home(home: Path) -> None:
    """Refuse a home folder that somebody configured for real.

    Raises:
        ConfigurationError: Its settings file is not the demo's.
    """
    config = home / CONFIG_NAME
    if config.exists() and not config.read_text("utf-8").startswith(MARK):
        raise ConfigurationError(
            "this home folder belongs to a real archive",
            where=str(config),
            remedy="set AUDIT_TRAIL_HOME to an empty folder for the demo",
        )


def clean_home(home: Path) -> None:
    """Remove what the demo made, and nothing else.

    Raises:
        ConfigurationError: The home folder is not the demo's, or is in use.
    """
    check_home(home)
    running = EmbeddedStore(home / STORE_FOLDER)
    if running.pid is not None:
        raise ConfigurationError(
            "a store is running in this home folder",
            where=str(home / STORE_FOLDER),
            remedy="stop `audit-trail up` first (Ctrl-C in its terminal)",
        )
    if not (home / CONFIG_NAME).exists():
        # Begun and interrupted, or never begun: only an empty store can be there.
        shutil.rmtree(home / STORE_FOLDER, ignore_errors=True)
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
        ConfigurationError: The home folder is not the demo's.
        StorageError: The store does not start.
    """
    check_home(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with EmbeddedStore(home / STORE_FOLDER) as store:
        _write_settings(home, store)
        yield load_settings(home=home)


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
        "sources": [
            {
                "name": "machine",
                "kind": "system",
                "url": f"file://{literal_path(str(home))}/{MACHINE_FOLDER}/{{date}}/*",
            }
        ],
    }
    try:
        write_private(home / CONFIG_NAME, MARK + json.dumps(value, indent=2) + "\n")
    except OSError as error:
        raise StorageError(
            "the demo's settings cannot be written", where=str(home / CONFIG_NAME), found=error.strerror or ""
        ) from error
