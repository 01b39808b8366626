"""Bars over time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from audit_trail.reporting.compliance.charts import MAX_BARS, WIDTH, Chart, lag_chart, verification_chart

START = datetime(2026, 1, 1, 5, tzinfo=UTC)


def verifications(*outcomes: tuple[int, bool, bool]) -> Chart:
    made = verification_chart(
        (START + timedelta(days=day), passed, failed) for day, passed, failed in outcomes
    )
    assert made is not None
    return made


def test_nothing_makes_no_picture() -> None:
    assert verification_chart([]) is None
    assert lag_chart([], due_hours=24) is None


def test_a_bar_for_every_day_also_for_those_without_one() -> None:
    chart = verifications((0, True, False), (0, True, False), (2, False, True), (2, False, False))
    assert [bar.label for bar in chart.bars] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert [bar.values for bar in chart.bars] == [(2, 0, 0), (0, 0, 0), (0, 1, 1)]
    assert [[part.kind for part in bar.parts] for bar in chart.bars] == [["good"], [], ["open", "bad"]]
    assert [text for _, text in chart.scale] == ["0", "1", "2"]


def test_pieces_stand_on_one_another_and_reach_the_value() -> None:
    below, above = verifications((0, False, False), (0, False, True)).bars[0].parts
    assert above.y + above.height == pytest.approx(below.y)
    (whole,) = verifications((0, True, False), (0, True, False)).bars[0].parts
    assert whole.height == pytest.approx(below.height + above.height)


@pytest.mark.parametrize("days", [1, 59, 60, 61, 400, 3650])
def test_years_fit_into_one_picture(days: int) -> None:
    chart = verifications(*((day, True, False) for day in range(days)))
    assert len(chart.bars) <= MAX_BARS
    assert sum(bar.values[0] for bar in chart.bars) == days
    assert all(part.x + part.width <= WIDTH for bar in chart.bars for part in bar.parts)
    first, last = chart.bars[0].label, chart.bars[-1].label
    assert first.startswith("2026-01-01")
    assert last.endswith((START + timedelta(days=days - 1)).date().isoformat())


def test_the_longest_lag_of_a_span_counts_and_late_ones_stand_out() -> None:
    day = date(2026, 1, 1)
    chart = lag_chart([(day, 1.0), (day + timedelta(days=1), 30.0)], due_hours=24)
    assert chart is not None
    assert [bar.values for bar in chart.bars] == [(1.0, 0.0), (0.0, 30.0)]
    assert [bar.parts[0].kind for bar in chart.bars] == ["calm", "bad"]
    assert chart.line_y is not None
    short = lag_chart([(day, 1.0)], due_hours=24)
    assert short is not None
    assert short.line_y is None  # far above the scale
