"""One service of the compose file as local processes: its own network, mounts, host name, user.

What an image holds comes from this machine: PostgreSQL and Redis from its packages, our own
image from this checkout and its `.venv`, mounted where the Dockerfile puts them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.cluster.compose_file import HealthCheck, Service

ROOT = Path(__file__).parents[2]
IMAGE_FOLDER = "/opt/audit-trail"
IMAGE_USER = "10001:10001"
OUR_IMAGE = "audit-trail"
PATH = f"{IMAGE_FOLDER}/.venv/bin:/usr/local/bin:/usr/bin:/bin"
STOP_TIMEOUT_S = 60
USERS = """\
root:x:0:0::/root:/bin/sh
audit:x:10001:10001::/home/audit:/bin/sh
database:x:999:999::/tmp:/bin/sh
"""


class NativeService:
    """Starts, asks, kills and restarts one service.

    Args:
        service: As the file describes it.
        namespace: Its network.
        folder: Of the runner, for volumes, logs and what is mounted over `/etc`.
        hosts: Name and address of every service.
    """

    def __init__(self, service: Service, namespace: str, folder: Path, hosts: dict[str, str]) -> None:
        self.service = service
        self.log_path = folder / "logs" / f"{service.name}.log"
        self._namespace = namespace
        self._folder = folder
        self._hosts = hosts
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def user(self) -> str:
        """User and group id that it runs as."""
        return self.service.user or (IMAGE_USER if self.service.image == OUR_IMAGE else "0:0")

    def start(self) -> None:
        """Start it; what it prints goes to its log."""
        self._make_folders()
        inside = shlex.join([*_as_user(self.user), *self._environment(), *self._command()])
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self._namespace),
                    # When this ends, so does everything below it.
                    *("unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"),
                    *("/bin/sh", "-c", f"{self._mounts()}\ncd {self._workdir()}\nexec {inside}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, timeout_s: float) -> int:
        """Until it has ended by itself; its exit status."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def wait_healthy(self) -> None:
        """Until its own health check says so.

        Raises:
            AssertionError: It ended, or the check's patience did.
        """
        check = self.service.health
        assert check is not None, self.service.name
        deadline = time.monotonic() + check.patience_s
        while not self._is_healthy(check):
            assert self.is_running(), f"{self.service.name} has ended:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.service.name} is not healthy:\n{self.tail()}"
            time.sleep(1)

    def is_running(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """As when the machine loses power."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        if not self.is_running():
            return
        assert self._process is not None
        for child in _children(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)
        self._signal(signal.SIGKILL)

    def count(self, text: str) -> int:
        """How often something stands in its log."""
        return self.log_path.read_text("utf-8", "replace").count(text)

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self.log_path.read_text("utf-8", "replace").splitlines()[-lines:])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait(STOP_TIMEOUT_S)

    def _is_healthy(self, check: HealthCheck) -> bool:
        assert self._process is not None
        children = _children(self._process.pid)
        if not children:
            return False
        entered = ["nsenter", f"--target={children[0]}", "--mount", "--net", "--uts", "--pid"]
        command = shlex.join([*_as_user(self.user), *self._environment(), *check.test])
        with suppress(subprocess.TimeoutExpired):
            asked = subprocess.run(
                [*entered, "/bin/sh", "-c", f"cd {self._workdir()} && exec {command}"],
                capture_output=True,
                timeout=30,
                check=False,
            )
            return asked.returncode == 0
        return False

    def _command(self) -> list[str]:
        if self.service.image.startswith("postgres:"):
            return ["/bin/sh", "-c", _POSTGRES_ENTRYPOINT]
        return self.service.command

    def _environment(self) -> list[str]:
        own = self.service.environment
        home = "/home/audit" if self.service.image == OUR_IMAGE else "/tmp"
        values = {"PATH": PATH, "HOME": home, "HOSTNAME": self.service.hostname, "LANG": "C.UTF-8", **own}
        return ["env", "-i", *(f"{name}={value}" for name, value in values.items())]

    def _workdir(self) -> str:
        return IMAGE_FOLDER if self.service.image == OUR_IMAGE else "/tmp"

    def _make_folders(self) -> None:
        for folder in ("logs", "volumes", "etc"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        (self._folder / "etc" / "passwd").write_text(USERS)
        lines = [f"{address} {name}" for name, address in self._hosts.items()]
        (self._folder / "etc" / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
        home = self._folder / "home"
        if not home.exists():
            _warm_home(home)
        for mount in self.service.mounts:
            volume = self._folder / "volumes" / mount.volume
            if not volume.exists():
                volume.mkdir(mode=0o700)
                _give(volume, self.user)

    def _mounts(self) -> str:
        """Shell that makes the file system what the container would see of it."""
        view = _View(self._folder)
        if self.service.image == OUR_IMAGE:
            view.bind(ROOT, IMAGE_FOLDER, read_only=True)
            view.bind(self._folder / "home", "/home/audit")
        for mount in self.service.mounts:
            view.bind(self._folder / "volumes" / mount.volume, mount.folder, read_only=mount.read_only)
        view.show_python()
        for name in ("passwd", "hosts"):
            view.lines.append(f"mount --bind {self._folder / 'etc' / name} /etc/{name}")
        # What a killed service leaves there must not be met by anybody else.
        view.lines.append("mount -t tmpfs -o mode=1777 tmpfs /tmp")
        view.lines.append(f"echo {self.service.hostname} >/proc/sys/kernel/hostname")
        return "\n".join(view.lines)


class _View:
    """Shell lines that change what one service sees, and nothing on the machine itself."""

    def __init__(self, folder: Path) -> None:
        self._kept = folder / "python"
        layers = folder / "layers"
        self._layers = layers
        self._layered: list[Path] = []
        self.lines = ["set -e", f"mkdir -p {layers}", f"mount -t tmpfs tmpfs {layers}"]

    def bind(self, source: Path, target: str, *, read_only: bool = False) -> None:
        """Mount a folder on another, which need not be there."""
        if not Path(target).is_dir():
            self._layer(next(path for path in Path(target).parents if path.is_dir()))
            self.lines.append(f"mkdir -p {target}")
        self.lines.append(f"mount --bind {shlex.quote(str(source))} {target}")
        if read_only:
            self.lines.append(f"mount -o remount,bind,ro {target}")

    def show_python(self) -> None:
        """Of a home that others may not enter, show the Python in it and no more."""
        base = Path(sys.base_prefix)
        closed = next((path for path in reversed(base.parents) if not path.stat().st_mode & 0o001), None)
        if closed is not None:
            self.lines += [
                f"mkdir -p {self._kept}",
                f"mount --bind {base} {self._kept}",
                f"mount -t tmpfs -o mode=0755 tmpfs {closed}",
                f"mkdir -p {base}",
                f"mount --bind {self._kept} {base}",
            ]

    def _layer(self, parent: Path) -> None:
        """New folders in it go into memory."""
        if parent in self._layered:
            return
        layer = self._layers / str(len(self._layered))
        self._layered.append(parent)
        options = f"lowerdir={parent},upperdir={layer}/up,workdir={layer}/work"
        self.lines += [f"mkdir -p {layer}/up {layer}/work", f"mount -t overlay overlay -o {options} {parent}"]


def _as_user(user: str) -> list[str]:
    number, _, group = user.partition(":")
    return ["setpriv", f"--reuid={number}", f"--regid={group or number}", "--clear-groups"]


def _give(folder: Path, user: str) -> None:
    number, _, group = user.partition(":")
    os.chown(folder, int(number), int(group or number))


def _warm_home(home: Path) -> None:
    """The home of the image's user, with the compiled scanner that the image's build leaves there."""
    cache = Path(os.environ.get("NUMBA_CACHE_DIR") or Path.home() / ".cache")
    (home / ".cache").mkdir(parents=True, mode=0o700)
    for path in cache.glob("audit-trail*"):
        shutil.copytree(path, home / ".cache" / path.name, dirs_exist_ok=True)
    for path in (home, *home.rglob("*")):
        _give(path, IMAGE_USER)


def _children(pid: int) -> list[int]:
    """The processes right below one."""
    with suppress(FileNotFoundError, ProcessLookupError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return [int(child) for child in listed]
    return []


_POSTGRES_ENTRYPOINT = """
set -e
PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH
DATA=/var/lib/postgresql/data/pgdata
if [ ! -s $DATA/PG_VERSION ]; then
  export PGPASSWORD=$(cat $POSTGRES_PASSWORD_FILE)
  initdb --pgdata=$DATA --username=$POSTGRES_USER --pwfile=$POSTGRES_PASSWORD_FILE --auth=scram-sha-256
  echo 'host all all all scram-sha-256' >>$DATA/pg_hba.conf
  pg_ctl --pgdata=$DATA --wait --options="-c listen_addresses='' -c unix_socket_directories=$DATA" start
  createdb --host=$DATA --username=$POSTGRES_USER $POSTGRES_DB || true
  pg_ctl --pgdata=$DATA --wait stop
fi
exec postgres -D $DATA -c listen_addresses=0.0.0.0 -c unix_socket_directories=$DATA
"""
"""What the image's own entry point does: a database with this user and password, at the first start."""
