"""Which sources a run collects: all of them, or, of a sealed day's late data, some."""

from __future__ import annotations

from audit_trail.errors import ConfigurationError
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import SourceSettings


def chosen_sources(context: StageContext, day: str, revision: int) -> tuple[SourceSettings, ...]:
    """The sources to collect, in the order of the settings.

    A first revision is always of all sources: nothing in a seal says that a
    source was left out, so that a day sealed in part would pass for a whole one.

    Raises:
        ConfigurationError: An unknown name; or some sources were chosen for a
            day that is not sealed yet, and this is no dry run.
    """
    sources = context.settings.all_sources()
    if not context.only_sources:
        return sources
    names = [source.name for source in sources]
    unknown = sorted(set(context.only_sources) - set(names))
    if unknown:
        raise ConfigurationError(
            "unknown sources were chosen",
            where="sources",
            expected=", ".join(names),
            found=", ".join(unknown)[:300],
            remedy="correct the names, or leave `sources` empty for all",
        )
    if revision == 1 and not context.is_dry_run:
        raise ConfigurationError(
            "some sources were chosen for a day that is not sealed yet",
            where=f"day {day}",
            expected="all sources: a seal of some would pass for the whole day",
            found=", ".join(context.only_sources),
            remedy="leave `sources` empty; once the day is sealed, late data of some sources can be added",
        )
    return tuple(source for source in sources if source.name in context.only_sources)
