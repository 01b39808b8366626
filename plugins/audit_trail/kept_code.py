"""Machine code kept on disk as object files, and loaded again without the compiler.

Importing numba and making it ready takes longer than redacting 50 MB. Whoever
has compiled once needs LLVM's loader only: functions of 64-bit numbers that
call nothing of Python. What is loaded is run, so the folder belongs to this
user alone and is named after every source that takes part.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

NO_FOLDER = (
    "no folder to keep compiled code in: it is compiled again by every process; "
    "set NUMBA_CACHE_DIR to a folder of your own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFunction:
    """One function and all that it calls.

    Attributes:
        name: As Python calls it.
        symbol: Its name in the object file.
        arguments: How many 64-bit numbers it takes; it returns one.
        code: An object file for this processor.
    """

    name: str
    symbol: str
    arguments: int
    code: bytes


def is_interpreted() -> bool:
    """Whether the user wants numba to compile nothing."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def kept_functions(
    name: str, sources: Sequence[str], compile_all: Callable[[], Iterable[CompiledFunction]]
) -> dict[str, Callable[..., int]]:
    """Functions by name, from the file that an earlier process left, or compiled and left for later ones.

    Args:
        name: Of the file.
        sources: Files whose change makes the kept code useless.
        compile_all: Called when there is none.
    """

    def make() -> bytes:
        _announce(name)
        return _packed(list(compile_all()))

    kept = kept_bytes(f"{name}-{_processor()}.o", sources, make)
    return {one.name: _Loaded(one) for one in _unpacked(kept)}


def kept_bytes(name: str, sources: Sequence[str], make: Callable[[], bytes]) -> bytes:
    """What an earlier process made and left in a file, or made now and left for later ones.

    Whoever could change it could change what is redacted: a file that others
    may write, or in a folder that they may write, is not read.

    Args:
        name: Of the file.
        sources: Files whose change makes it useless.
        make: Called when there is none.
    """
    folder = usable_folder(digest_of(sources))
    if folder is None:
        log.warning(NO_FOLDER)
        return make()
    path = folder / name
    found = _read(path)
    if found is None:
        # Of several processes that start on a new machine one makes it, and the others wait.
        with _locked(path.with_suffix(".lock")):
            found = _read(path)
            if found is None:
                found = make()
                _write(path, found)
    return found


def _announce(name: str) -> None:
    """Say why nothing seems to happen; to a terminal, because a program's output is no place for it."""
    text = f"compiling {name}, once on this machine; this can take two minutes"
    log.info(text)
    if sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file; where that cannot be, go on without."""
    with ExitStack() as stack:
        with suppress(OSError):
            file = stack.enter_context(path.open("w"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest_of(sources: Iterable[str]) -> str:
    """A name for what the sources and this version of numba make."""
    digest = sha256()
    numba = find_spec("numba")
    versions = [str(Path(str(numba.origin)).with_name("_version.py"))] if numba else []
    for source in sorted((*sources, *versions)):
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()[:16]


def usable_folder(digest: str) -> Path | None:
    """The folder of this name where this user's code may be kept, made if need be."""
    for root in _roots():
        folder = root / "audit-trail" / digest
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_ours(folder) and _is_ours(folder.parent) and os.access(folder, os.W_OK | os.X_OK):
                return folder
        except OSError:
            continue
    return None


def _roots() -> Iterator[Path]:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen)
        return
    home = os.environ.get("XDG_CACHE_HOME")
    if home:
        yield Path(home)
    with suppress(RuntimeError):  # there is no home
        yield Path.home() / ".cache"
    yield Path(tempfile.gettempdir()) / f"cache-{os.getuid()}"


def _is_ours(path: Path) -> bool:
    """Nobody else may put code there that this process would run."""
    status = path.lstat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _processor() -> str:
    """A name for the instructions that this machine's processor knows."""
    from llvmlite import binding

    words = (
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        binding.get_host_cpu_features().flatten(),
    )
    return sha256("\n".join(words).encode()).hexdigest()[:16]


def _write(path: Path, body: bytes) -> None:
    """Write all at once, so that a process that starts now sees all or nothing; a full disk is no error."""
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(sha256(body).digest() + body)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink()
            raise


def _read(path: Path) -> bytes | None:
    """What is kept there; None when nothing is, or it was cut off by a crash of the machine."""
    try:
        if not _is_ours(path):
            return None
        data = path.read_bytes()
    except OSError:
        return None
    body = data[32:]
    return body if sha256(body).digest() == data[:32] else None


def _packed(functions: Sequence[CompiledFunction]) -> bytes:
    head = [{**asdict(one), "code": len(one.code)} for one in functions]
    return json.dumps(head).encode() + b"\n" + b"".join(one.code for one in functions)


def _unpacked(body: bytes) -> Iterator[CompiledFunction]:
    start = body.index(b"\n") + 1
    for entry in json.loads(body[:start]):
        size = entry.pop("code")
        yield CompiledFunction(code=body[start : start + size], **entry)
        start += size


class _Loaded:
    """A function in memory. Python's lock is released while it runs."""

    def __init__(self, function: CompiledFunction) -> None:
        from llvmlite import binding

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        machine = binding.Target.from_default_triple().create_target_machine()
        self._engine: Any = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(function.code))
        self._engine.finalize_object()
        # numba's calling convention: where to put the result, and the exception, which there is none of.
        numbers = (ctypes.c_int64,) * function.arguments
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *numbers)
        self._call = kind(self._engine.get_function_address(function.symbol))

    def __call__(self, *arguments: int) -> int:
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        status = self._call(ctypes.addressof(result), ctypes.addressof(error), *arguments)
        if status:
            raise RuntimeError("a compiled function failed, which none can")
        return result.value
