"""The page of an archive that somebody wants to speak through."""

from __future__ import annotations

from dataclasses import replace

from tests.verification.memory_archive import NOW, MemoryArchive

from audit_trail.reporting.access.entities import Entity
from audit_trail.reporting.access.evaluation import Grant
from audit_trail.reporting.compliance import access_figures
from audit_trail.reporting.compliance.access_figures import Access
from audit_trail.reporting.compliance.figures import Standing
from audit_trail.reporting.compliance.measurement import Period
from audit_trail.reporting.compliance.report_document import ComplianceReport, make_report
from audit_trail.reporting.compliance.report_page import page_blocks
from audit_trail.settings import load_settings

HOSTILE = "<script>alert('x')</script>&\"' \u202e"


def report(archive: MemoryArchive, access: Access | None = None) -> ComplianceReport:
    settings = load_settings(
        archive={"bucket": "b", "endpoint_url": "http://127.0.0.1:9"}, verification={"due_hours": 24 * 31}
    )
    made = make_report(archive.store, Period(), settings, genesis=archive.genesis, remembered=None, now=NOW)
    if access is None:
        return made
    figures = tuple(
        access_figures.write_access(access, settings.compliance) if figure.name == "write-access" else figure
        for figure in made.figures
    )
    return replace(made, access=access, figures=figures)


def page(made: ComplianceReport) -> str:
    return b"".join(page_blocks(made)).decode("utf-8")


def test_keys_and_policies_are_text_and_never_markup(archive: MemoryArchive) -> None:
    archive.store.put_version(f"logs/{HOSTILE}", b"x")
    grant = Grant(action="s3:PutObject", conditional=True, example="x", statements=(HOSTILE,))
    made = report(
        archive, Access(account="1", entities=(Entity(kind="user", name=HOSTILE, grants=(grant,)),))
    )
    text = page(made)
    assert made.exit_code == 1
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 3


def test_every_standing_is_told_in_words_and_not_by_colour_alone(archive: MemoryArchive) -> None:
    text = page(report(archive))
    for standing in Standing:
        if standing is not Standing.FINDING:
            assert f"</b>{standing.value}</span>" in text


def test_an_archive_without_days_has_a_page(fresh: MemoryArchive) -> None:
    made = report(fresh)
    assert made.exit_code == 2
    text = page(made)
    assert "No day of the period is due" in text
    assert "<svg" not in text


def test_the_same_measurement_makes_the_same_bytes(archive: MemoryArchive) -> None:
    assert page(report(archive)) == page(report(archive))


def test_the_exit_status_is_the_worst_standing(archive: MemoryArchive) -> None:
    made = report(archive)
    assert made.exit_code == 2
    good = tuple(replace(figure, standing=Standing.STATED) for figure in made.figures)
    assert replace(made, figures=good).exit_code == 0
    one_bad = (
        replace(good[0], standing=Standing.FINDING),
        replace(good[1], standing=Standing.OPEN),
        *good[2:],
    )
    assert replace(made, figures=one_bad).exit_code == 1
