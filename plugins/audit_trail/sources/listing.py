"""Which files a source has for a day: all of them, once each, and what was left out and why."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.settings import AIRFLOW_SCHEMES
from audit_trail.sources.event_log import list_events
from audit_trail.sources.file_tree import DIRECTORY, FILE, Entry, FileTree
from audit_trail.sources.local_tree import LocalTree, local_path
from audit_trail.sources.remote_tree import remote_tree
from audit_trail.sources.source_access import SourceAccess
from audit_trail.sources.source_files import Listing, Skipped, SourceFile
from audit_trail.sources.url_pattern import expand_dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from audit_trail.settings import SourceSettings
    from audit_trail.sources.event_log import EventLog

_MAGIC = re.compile(r"[*?[]")
_ANY_DEPTH = "**"


def list_files(source: SourceSettings, day: date, access: SourceAccess | None = None) -> Listing:
    """List a source's files for a day; of a service that keeps events, the day's events.

    `*`, `?` and `[…]` match within one name, names with a leading dot too (a
    dot must not hide a log); `**` as a whole name matches any number of
    directories, without following links to directories. No file is opened.

    Args:
        source: Its settings; `event_time` is not looked at.
        day: The UTC day.
        access: How to reach what is not on this machine; None: by boto3's own settings.

    Returns:
        The files, links followed, a file with several names under the first.

    Raises:
        ConfigurationError: The URL is wrong.
        CollectionError: A directory cannot be listed, or the source is
            required and has no file.
    """
    url = expand_dates(source.url, day)
    access = access or SourceAccess()
    events = _event_logs(url, source, day, access)
    listing = _listed_files(url, source, access) if events is None else list_events(events)
    if source.required and not listing.files:
        raise CollectionError(
            f"the required source {source.name} has no file for {day.isoformat()}",
            where=url,
            expected="at least one file" if events is None else "at least one event",
            found=f"none, and {len(listing.skipped)} other matches" if events is None else "none",
            remedy="find out why nothing was written; or let the source not be required",
        )
    return listing


def list_all(
    sources: Sequence[SourceSettings], day: date, access: SourceAccess | None = None
) -> dict[str, Listing]:
    """List every source's files for a day, by source name, in the order given.

    Raises:
        ConfigurationError: Two sources match the same file: its records would
            be sealed twice and counted twice.
        CollectionError: As `list_files`.
    """
    listings: dict[str, Listing] = {}
    owners: dict[str, str] = {}
    for source in sources:
        listings[source.name] = list_files(source, day, access)
        for file in listings[source.name].files:
            owner = owners.setdefault(file.identity, source.name)
            if owner != source.name:
                raise ConfigurationError(
                    f"the sources {owner} and {source.name} match the same file",
                    where=file.uri,
                    remedy="change the URL of one of them",
                )
    return listings


# The scheme of a URL says what kind of source it is: here and nowhere else.
def _event_logs(
    url: str, source: SourceSettings, day: date, access: SourceAccess
) -> Sequence[EventLog] | None:
    scheme = url.partition("://")[0]
    if scheme == "cloudwatch-logs":
        from audit_trail.sources.cloudwatch_logs import CloudWatchLogs

        return (CloudWatchLogs(url, source, day, access),)
    if scheme in AIRFLOW_SCHEMES:
        from audit_trail.sources.airflow_events import AirflowEvents

        return (AirflowEvents(url, source, day, access),)
    if scheme == "journald":
        from audit_trail.sources.journald import journal_boots

        return journal_boots(url, day, access)
    return None


def _open_tree(url: str, source: SourceSettings, access: SourceAccess) -> tuple[FileTree, str]:
    if url.startswith("s3://"):
        from audit_trail.sources.s3_tree import s3_tree

        return s3_tree(url, source, access)
    path = local_path(url)
    return remote_tree(url) if path is None else (LocalTree(), path)


def _listed_files(url: str, source: SourceSettings, access: SourceAccess) -> Listing:
    tree, path = _open_tree(url, source, access)
    files: dict[str, SourceFile] = {}
    skipped: dict[str, Skipped] = {}
    for uri, entry in sorted(
        ((tree.uri(e.path), e) for e in _matches(tree, path)), key=lambda found: found[0]
    ):
        if entry.kind == FILE:
            file = SourceFile(
                uri=uri,
                size_bytes=entry.size_bytes,
                identity=entry.identity,
                version=entry.version,
                open=entry.open,
            )
            files.setdefault(entry.identity, file)
        else:
            skipped[uri] = Skipped(uri=uri, reason=entry.kind)
    return Listing(files=tuple(files.values()), skipped=tuple(skipped.values()))


def _matches(tree: FileTree, path: str) -> Iterator[Entry]:
    parts = path.split("/")
    literal = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    root = "/".join(parts[:literal])
    if literal < len(parts):
        yield from _below(tree, root or "/", parts[literal:])
    else:
        yield from tree.find(root)


def _below(tree: FileTree, directory: str, pattern: Sequence[str]) -> Iterator[Entry]:
    """Match the pattern's parts one directory level at a time."""
    part, rest = pattern[0], pattern[1:]
    if part == _ANY_DEPTH:
        yield from _any_depth(tree, directory, pattern)
        return
    if magic := _MAGIC.search(part):
        accepts = re.compile(fnmatch.translate(part)).match
        beginning = part[: magic.start()]
        found = tree.children(directory, lambda name: accepts(name) is not None, beginning=beginning)
    else:
        found = iter(tree.find(directory + part if directory == "/" else f"{directory}/{part}"))
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
