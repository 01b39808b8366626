"""The loopback ports of the embedded store: chosen once, kept, replaced when taken.

Only the S3 port is promised to stay, because archives are configured with its
URL. The others are kept too, so that a restart looks like the start before,
but a port that somebody else took meanwhile is replaced: the data survive
that (the store learns its volumes from the data folder, not from its ports).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from audit_trail.demo.loopback_ports import LOOPBACK, is_free, random_port
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.private_file import write_private

S3 = "s3"
PARTS = (S3, "master", "volume", "filer", "admin")
# Each part has an HTTP port and, this far above it, one for gRPC. The distance
# is the store's own; its maintenance worker relies on it.
GRPC_OFFSET = 10000
HIGHEST_HTTP_PORT = 65535 - GRPC_OFFSET
# So chosen that both lie below every system's ephemeral range, also between two
# starts of the store, and that an HTTP port never meets a gRPC port.
CHOSEN_FROM = range(10000, 20000)
# The store makes these itself, by this name whatever TMPDIR says, and leaves
# them behind when it is killed.
SOCKET_FOLDER = Path("/tmp")  # noqa: S108


def settle_ports(path: Path, *, s3_port: int | None = None) -> dict[str, int]:
    """Load the kept ports, replace those in use by others, and keep the result.

    Call it only while no store runs on the folder: its own ports would count
    as taken.

    Args:
        path: The file that keeps them, JSON.
        s3_port: The S3 port to use from now on, 1 to 55535; None keeps the
            present one, or chooses one at the first start.

    Returns:
        The HTTP port of each of `PARTS`, free just now and so is its gRPC port.

    Raises:
        ConfigurationError: `s3_port` is out of range.
        StorageError: The S3 port is taken, no port is free, or the file is damaged.
        OSError: The file cannot be written.
    """
    if s3_port is not None and not 0 < s3_port <= HIGHEST_HTTP_PORT:
        raise ConfigurationError(
            "the S3 port of the embedded store is out of range",
            expected=f"1 to {HIGHEST_HTTP_PORT}",
            found=str(s3_port),
            remedy="choose another port",
        )
    kept = load_ports(path) if path.exists() else {}
    ports: dict[str, int] = {}
    wanted = s3_port if s3_port is not None else kept.get(S3)
    if wanted is not None:
        _refuse_taken(wanted, path)
        ports[S3] = wanted
    for part in PARTS:
        if part not in ports:
            ports[part] = _choose(kept.get(part), taken=_all_ports(ports))
    if ports != kept:
        write_private(path, json.dumps(ports, indent=2) + "\n")
    return ports


def load_ports(path: Path) -> dict[str, int]:
    """The ports as kept.

    Raises:
        StorageError: The file cannot be read, or does not name exactly `PARTS`.
    """
    try:
        ports = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, type(error).__name__) from error
    if not isinstance(ports, dict) or set(ports) != set(PARTS):
        raise _damaged(path, "other names")
    for part, port in ports.items():
        if type(port) is not int or not 0 < port <= HIGHEST_HTTP_PORT:
            raise _damaged(path, f"no port number at {part!r}")
    return ports


def remove_sockets(ports: Mapping[str, int]) -> None:
    """Remove the Unix sockets that a killed store left behind for its gRPC ports."""
    for part, port in ports.items():
        # Another user's socket of that name: not ours to remove, and the store says so itself.
        with suppress(OSError):
            (SOCKET_FOLDER / f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock").unlink(missing_ok=True)


def _all_ports(ports: Mapping[str, int]) -> set[int]:
    return {number for port in ports.values() for number in (port, port + GRPC_OFFSET)}


def _choose(kept: int | None, *, taken: set[int]) -> int:
    """The kept port, or else a random one."""

    def is_usable(port: int) -> bool:
        pair = {port, port + GRPC_OFFSET}
        return not pair & taken and all(is_free(number) for number in pair)

    return kept if kept is not None and is_usable(kept) else random_port(CHOSEN_FROM, is_usable)


def _refuse_taken(s3_port: int, path: Path) -> None:
    for port in (s3_port, s3_port + GRPC_OFFSET):
        if not is_free(port):
            raise StorageError(
                "a port of the embedded store is in use by another program, or not allowed",
                where=f"{LOOPBACK}:{port}",
                remedy=f"stop that program (see `ss -ltnp`), or change {S3!r} in {path} to another port",
            )


def _damaged(path: Path, found: str) -> StorageError:
    return StorageError(
        "the ports of the embedded store cannot be read",
        where=str(path),
        expected="one port number for each part of the store",
        found=found,
        remedy="delete the file to have new ports chosen; the archive's endpoint URL changes with them",
    )
