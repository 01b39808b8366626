"""The child process of the embedded store: how it is started, asked and ended."""

from __future__ import annotations

import ctypes
import functools
import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from audit_trail.demo.loopback_ports import LOOPBACK
from audit_trail.demo.store_identity import S3_CONFIG_NAME
from audit_trail.demo.store_ports import GRPC_OFFSET

# A stop takes 2 to 4 s, in which the store flushes its indexes.
STOP_TIMEOUT_S = 10.0
HEALTH_TIMEOUT_S = 2.0
MAX_LOG_BYTES = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Everything the store could do besides S3 is off; so is its habit of reporting home.
FIXED_ARGUMENTS = (
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-metricsPort=0",
    "-master.telemetry=false",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
    # Each bucket has volumes of its own. Left to itself, the store allows as many
    # as fit on the disk at their full size: on a full machine three, and then
    # every PUT into a fourth bucket is an "InternalError".
    "-volume.max=10000",
    # Short and relative to the config folder: a Unix socket path ends at 107 bytes.
    "-filer.localSocket=filer.sock",
    "-s3.localSocket=s3.sock",
)


def spawn(
    binary: Path, *, config: Path, log_path: Path, ports: Mapping[str, int], lock: int, listen: str
) -> subprocess.Popen[bytes]:
    """Start the store in a session of its own.

    Args:
        binary: The `weed` program.
        config: Its working folder, with its identity; the data are in `data` beside it.
        log_path: Where its output goes; started afresh beyond `MAX_LOG_BYTES`.
        ports: From `settle_ports`.
        lock: Descriptor of the locked lock file. The child inherits it, so the
            lock lives exactly as long as the store, however that ends.
        listen: The address that all ports are bound to.

    Raises:
        OSError: The program or the log cannot be opened.
    """
    fresh = log_path.exists() and log_path.stat().st_size > MAX_LOG_BYTES
    with log_path.open("wb" if fresh else "ab") as log:
        log_path.chmod(0o600)
        return subprocess.Popen(
            [str(binary), *_arguments(ports, listen)],
            cwd=config,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Nothing inherited: AWS_* would make a second identity, WEED_* change any option.
            env={"HOME": str(config), "PATH": os.defpath},
            pass_fds=(lock,),
            start_new_session=True,
            umask=0o077,
            preexec_fn=_death_signal(),  # noqa: PLW1509 - only system calls in there
        )


def answers(s3_port: int) -> bool:
    """Whether the S3 side says that it is ready."""
    connection = http.client.HTTPConnection(LOOPBACK, s3_port, timeout=HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to end, and kill it when it has not after `STOP_TIMEOUT_S`."""
    for number, timeout_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, None)):
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)
            return


def _arguments(ports: Mapping[str, int], listen: str) -> list[str]:
    # `mini`, because `weed server`, which does the same, hangs at shutdown.
    folders = ["-dir=../data", f"-s3.config={S3_CONFIG_NAME}"]
    addresses = [f"-ip={LOOPBACK}", f"-ip.bind={listen}"]
    for part, port in ports.items():
        addresses += [f"-{part}.port={port}", f"-{part}.port.grpc={port + GRPC_OFFSET}"]
    return ["-logtostderr=true", "mini", *folders, *addresses, *FIXED_ARGUMENTS]


def _death_signal() -> Callable[[], None] | None:
    """What ties the child to this process: the kernel kills it when we die.

    SIGKILL, not SIGTERM: somebody could attach to a store that is still ending.
    Linux only. Only from the main thread, because the kernel means the thread
    that forked, which must not end before the process does. `prctl` is looked
    up before the fork; between fork and exec only system calls are made.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    return functools.partial(_tie_to_parent, ctypes.CDLL(None).prctl, os.getpid())


def _tie_to_parent(prctl: Callable[[int, int], int], parent: int) -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died in between, and no signal will come
        os._exit(1)
