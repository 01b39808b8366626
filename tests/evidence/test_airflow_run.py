"""How a run of Airflow is named in a ledger entry."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit_trail.evidence.airflow_run import MAX_NAME_CHARACTERS, AirflowRun, spell_name


def run(run_id: str) -> AirflowRun:
    return AirflowRun(dag_id="d", run_id=run_id, task_id="t", try_number=1)


@given(st.text(min_size=1, max_size=MAX_NAME_CHARACTERS))
def test_every_name_that_airflow_can_keep_has_a_spelling_that_is_read_back(name: str) -> None:
    spelled = spell_name(name)
    assert run(spelled).run_id == spelled
    assert spelled.isascii()
    assert spelled.isprintable()
    assert " " not in spelled
    assert unquote(spelled) == name


def test_what_airflow_allows_by_default_stands_for_itself() -> None:
    """`[scheduler] allowed_run_id_pattern` is `^[A-Za-z0-9_.~:+-]+$`."""
    allowed = "ABCXYZabcxyz0189_.~:+-"
    assert spell_name(allowed) == allowed
    others = [chr(code) for code in range(128) if chr(code) not in allowed and not chr(code).isalnum()]
    assert {spell_name(char) for char in others} == {f"%{ord(char):02X}" for char in others}


def test_half_a_character_is_no_name() -> None:
    """A lone surrogate has no UTF-8; no database of Airflow keeps one either."""
    assert spell_name("a\ud800") == "a%3F"


@pytest.mark.parametrize("length", [0, MAX_NAME_CHARACTERS + 1])
@pytest.mark.parametrize("char", ["x", "\u20ac"])
def test_names_are_as_long_as_airflows(char: str, length: int) -> None:
    with pytest.raises(ValidationError):
        run(spell_name(char * length))
