"""The embedded store as a service that other machines reach.

Its S3 side asks for the access key. All other ports ask for a certificate that
only this store has: see `store_identity`.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import StorageError
from audit_trail.private_file import write_private

POLL_INTERVAL_S = 1.0


def serve_store(folder: Path, credentials: Path, port: int, stop: threading.Event) -> None:
    """Run the store until `stop` is set.

    Args:
        folder: Where the store keeps everything.
        credentials: AWS shared credentials file with its one access key.
        port: Of its S3 side, on all addresses.
        stop: Set to end it.

    Raises:
        StorageError: It does not start, or ends by itself.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(folder / "credentials", credentials.read_text("utf-8"))
    with EmbeddedStore(folder, s3_port=port, listen="0.0.0.0") as store:  # noqa: S104 - see above
        while not stop.wait(POLL_INTERVAL_S):
            if store.pid is None:
                raise StorageError("the store has ended by itself", where=str(folder / "weed.log"))


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="run the embedded S3 store as a service")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8333)
    chosen = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve_store(chosen.folder, chosen.credentials, chosen.port, stop)


if __name__ == "__main__":
    main()
