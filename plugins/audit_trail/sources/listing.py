"""Which files a source has for a day: all of them, once each, and what was left out and why."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.file_tree import DIRECTORY, FILE, Entry, FileTree
from audit_trail.sources.local_tree import LocalTree, local_path
from audit_trail.sources.remote_tree import remote_tree
from audit_trail.sources.url_pattern import expand_dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from audit_trail.settings import SourceSettings

_MAGIC = re.compile(r"[*?[]")
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A log file that a source matched.

    Attributes:
        uri: What `InputStream` opens.
        size_bytes: As listed; the stream pins its own when it opens the file.
        identity: Equal for two names of one file: `device:inode` of a local
            file, else the URI.
    """

    uri: str
    size_bytes: int
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What matched but is not a log file: a directory, a dead link, a FIFO."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Both parts sorted by URI."""

    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]


def list_files(source: SourceSettings, day: date) -> Listing:
    """List a source's files for a day.

    `*`, `?` and `[…]` match within one name, names with a leading dot too (a
    dot must not hide a log); `**` as a whole name matches any number of
    directories, without following links to directories. No file is opened.

    Args:
        source: Its `url` and `required` are used.
        day: The UTC day.

    Returns:
        The files, links followed, a file with several names under the first.

    Raises:
        ConfigurationError: The URL is wrong.
        CollectionError: A directory cannot be listed, or the source is
            required and has no file.
    """
    url = expand_dates(source.url, day)
    tree, path = _open_tree(url)
    files: dict[str, SourceFile] = {}
    skipped: dict[str, Skipped] = {}
    for uri, entry in sorted(
        ((tree.uri(e.path), e) for e in _matches(tree, path)), key=lambda found: found[0]
    ):
        if entry.kind == FILE:
            file = SourceFile(uri=uri, size_bytes=entry.size_bytes, identity=entry.identity)
            files.setdefault(entry.identity, file)
        else:
            skipped[uri] = Skipped(uri=uri, reason=entry.kind)
    if source.required and not files:
        raise CollectionError(
            f"the required source {source.name} has no file for {day.isoformat()}",
            where=url,
            expected="at least one file",
            found=f"none, and {len(skipped)} other matches",
            remedy="find out why nothing was written; or let the source not be required",
        )
    return Listing(files=tuple(files.values()), skipped=tuple(skipped.values()))


def list_all(sources: Sequence[SourceSettings], day: date) -> dict[str, Listing]:
    """List every source's files for a day, by source name, in the order given.

    Raises:
        ConfigurationError: Two sources match the same file: its records would
            be sealed twice and counted twice.
        CollectionError: As `list_files`.
    """
    listings: dict[str, Listing] = {}
    owners: dict[str, str] = {}
    for source in sources:
        listings[source.name] = list_files(source, day)
        for file in listings[source.name].files:
            owner = owners.setdefault(file.identity, source.name)
            if owner != source.name:
                raise ConfigurationError(
                    f"the sources {owner} and {source.name} match the same file",
                    where=file.uri,
                    remedy="change the URL of one of them",
                )
    return listings


def _open_tree(url: str) -> tuple[FileTree, str]:
    path = local_path(url)
    return remote_tree(url) if path is None else (LocalTree(), path)


def _matches(tree: FileTree, path: str) -> Iterator[Entry]:
    parts = path.split("/")
    literal = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    root = "/".join(parts[:literal])
    if literal < len(parts):
        yield from _below(tree, root or "/", parts[literal:])
    elif entry := tree.find(root):
        yield entry


def _below(tree: FileTree, directory: str, pattern: Sequence[str]) -> Iterator[Entry]:
    """Match the pattern's parts one directory level at a time."""
    part, rest = pattern[0], pattern[1:]
    if part == _ANY_DEPTH:
        yield from _any_depth(tree, directory, pattern)
        return
    if _MAGIC.search(part):
        accepts = re.compile(fnmatch.translate(part)).match
        found = tree.children(directory, lambda name: accepts(name) is not None)
    else:
        entry = tree.find(f"{directory.rstrip('/')}/{part}")
        found = iter((entry,) if entry else ())
    for entry in found:
        if not rest:
            yield entry
        elif entry.kind == DIRECTORY:
            yield from _below(tree, entry.path, rest)


def _any_depth(tree: FileTree, directory: str, pattern: Sequence[str]) -> Iterator[Entry]:
    rest = pattern[1:]
    if rest:
        yield from _below(tree, directory, rest)
    for entry in tree.children(directory, lambda _: True):
        if entry.kind != DIRECTORY:
            if not rest:
                yield entry
        elif entry.is_link:
            # Following it could lead in circles; leaving it out silently could hide logs.
            yield Entry(
                path=entry.path,
                kind="link to a directory, which ** does not follow",
                size_bytes=0,
                identity=entry.identity,
                is_link=True,
            )
        else:
            yield from _any_depth(tree, entry.path, pattern)
