"""Where settings come from, which one wins, and what a wrong one is told."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from audit_trail.errors import ConfigurationError
from audit_trail.settings import RedactionSettings, Settings, SourceSettings, literal_path, load_settings
from audit_trail.sources.listing import list_files

SECRET = "correct-horse-battery-staple"
DOCUMENT = Path(__file__).parents[2] / "docs" / "SETTINGS.md"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def write_yaml(home: Path, text: str, name: str = "audit-trail.yaml") -> Path:
    path = home / name
    path.write_text(text, "utf-8")
    return path


def refused(**overrides: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(**overrides)
    assert SECRET not in str(caught.value)
    return caught.value


# Where they come from


def test_without_anything_the_home_folder_is_in_the_users() -> None:
    settings = load_settings()
    assert settings.home == Path.home() / ".audit-trail"
    assert settings.journal == settings.home / "journal"
    assert settings.staging == settings.home / "staging"
    assert settings.keys == settings.home / "keys"
    assert [source.name for source in settings.all_sources()] == ["application", "system", "api"]


def test_the_yaml_file_is_found_in_the_home_that_the_argument_names(home: Path) -> None:
    write_yaml(home, "archive: {bucket: from-yaml}")
    assert load_settings(home=home).archive.bucket == "from-yaml"
    assert load_settings(home=str(home)).archive.bucket == "from-yaml"


def test_the_yaml_file_is_found_in_the_home_that_the_variable_names(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_yaml(home, "archive: {bucket: from-yaml}")
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(home))
    settings = load_settings()
    assert (settings.home, settings.archive.bucket) == (home, "from-yaml")


def test_the_home_argument_is_stronger_than_the_variable(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_yaml(home, "archive: {bucket: of-argument}")
    other = tmp_path / "other"
    other.mkdir()
    write_yaml(other, "archive: {bucket: of-variable}")
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(other))
    settings = load_settings(home=home)
    assert (settings.home, settings.archive.bucket) == (home, "of-argument")


def test_the_file_that_audit_trail_config_names_is_read_instead(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_yaml(home, "archive: {bucket: of-home}")
    named = write_yaml(tmp_path, f"home: {home}\narchive: {{bucket: of-config}}", "other.yaml")
    monkeypatch.setenv("AUDIT_TRAIL_CONFIG", str(named))
    settings = load_settings()
    assert (settings.home, settings.archive.bucket) == (home, "of-config")


def test_yaml_gives_way_to_the_environment_and_that_to_arguments(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_yaml(home, "archive: {name: yaml, bucket: yaml, prefix: yaml, retain_days: 100}")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__BUCKET", "environment")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__PREFIX", "environment")
    archive = load_settings(home=home, archive={"prefix": "argument"}).archive
    assert (archive.name, archive.bucket, archive.prefix) == ("yaml", "environment", "argument")
    assert (archive.retain_days, archive.region) == (100, "us-east-1")


def test_nested_fields_and_lists_are_read_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_VERIFICATION__SAMPLE_SIZE", "7")
    monkeypatch.setenv("AUDIT_TRAIL_SIGNING__PASSPHRASE", SECRET)
    monkeypatch.setenv("AUDIT_TRAIL_SOURCES", '[{"name": "app", "kind": "api", "url": "file:///x/{date}"}]')
    settings = load_settings()
    assert settings.verification.sample_size == 7
    assert settings.signing.passphrase is not None
    assert settings.signing.passphrase.get_secret_value() == SECRET
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.sources == (SourceSettings(name="app", kind="api", url="file:///x/{date}"),)


@pytest.mark.parametrize("field", ["home", "journal_dir", "staging_dir", "keys_dir", "embedded_store_dir"])
def test_paths_are_absolute_and_a_tilde_is_the_users_home(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert getattr(load_settings(**{field: "~/place"}), field) == Path.home() / "place"
    monkeypatch.chdir(tmp_path)
    assert getattr(load_settings(**{field: "place"}), field) == tmp_path / "place"


def test_paths_in_sections_are_absolute_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(
        archive={"credentials_file": "~/c"},
        signing={"passphrase_file": "p"},
        redaction={"policy_file": "~/r.yaml", "pseudonym_key_file": "k"},
    )
    assert settings.archive.credentials_file == Path.home() / "c"
    assert settings.signing.passphrase_file == tmp_path / "p"
    assert settings.redaction.policy_file == Path.home() / "r.yaml"
    assert settings.redaction.pseudonym_key_file == tmp_path / "k"


def test_the_redaction_section_is_read_from_every_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(home=home).redaction == RedactionSettings(policy_file=None, pseudonym_key_file=None)
    write_yaml(home, "redaction: {policy_file: /of/yaml, pseudonym_key_file: /of/yaml}")
    monkeypatch.setenv("AUDIT_TRAIL_REDACTION__POLICY_FILE", "/of/environment")
    chosen = load_settings(home=home).redaction
    assert (chosen.policy_file, chosen.pseudonym_key_file) == (Path("/of/environment"), Path("/of/yaml"))


def test_settings_do_not_change_once_read() -> None:
    settings = load_settings()
    for place, name in ((settings, "home"), (settings.archive, "bucket")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(place, name, "other")


# What is refused


@pytest.mark.parametrize(
    "name",
    [
        "AUDIT_TRAIL_BUCKET",
        "AUDIT_TRAIL_ARCHIVE__BUKET",
        "AUDIT_TRAIL_ARCHIVE__BUCKET__NAME",
        "AUDIT_TRAIL_ARCHIVE_BUCKET",
        "AUDIT_TRAIL_HOME__FOLDER",
        "AUDIT_TRAIL_COLLECT_JOURNAL__X",
        "AUDIT_TRAIL_SOURCES__0__NAME",
        "AUDIT_TRAIL_",
        "audit_trail_home",
    ],
)
def test_an_unknown_variable_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, SECRET)
    error = refused()
    assert error.where == name
    assert "docs/SETTINGS.md" in error.remedy


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("buket: x", "buket"),
        ("archive: {buket: x}", "archive.buket"),
        ("sources: [{name: a, kind: api, url: x, uri: y}]", "sources.0.uri"),
        (
            "sources: [{name: a, kind: api, url: x, event_time: {field: a, fmt: b}}]",
            "sources.0.event_time.fmt",
        ),
    ],
)
def test_an_unknown_field_of_the_file_is_refused_by_path(home: Path, text: str, field: str) -> None:
    path = write_yaml(home, text)
    error = refused(home=home)
    assert f"{field}: " in error.what
    assert error.where == str(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("archive.name", "With Blanks"),
        ("archive.prefix", "../up"),
        ("archive.prefix", "a//b"),
        ("archive.lock_mode", "NONE"),
        ("archive.retain_days", 0),
        ("archive.retain_days", 36501),
        ("archive.storage_class", "REDUCED_REDUNDANCY"),
        ("archive.genesis_sha256", "abc"),
        ("archive.credentials_file", ""),
        ("redaction.policy_file", ""),
        ("redaction.pseudonym_key_file", 5),
        ("signing.rsa_bits", 1024),
        ("signing.passphrase", 7),
        ("verification.sample_size", 0),
        ("verification.due_hours", -1),
        ("segment_target_bytes", 1023),
        ("max_segments", 1001),
        ("journal_dir", ""),
        ("keys_dir", "~no-such-user-here/keys"),
        ("sources", "file:///x"),
        ("archive", SECRET),
    ],
)
def test_a_wrong_value_names_its_field_and_the_argument(field: str, value: object) -> None:
    first, _, second = field.partition(".")
    error = refused(**{first: {second: value} if second else value})
    assert f"{field}: " in error.what
    assert error.where == f"argument {field}"


def test_each_wrong_value_names_where_it_came_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_yaml(home, "archive: {lock_mode: NONE, name: fine}\nmax_segments: 5")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS", SECRET)
    monkeypatch.setenv("AUDIT_TRAIL_VERIFICATION", '{"sample_size": 0}')
    error = refused(home=home, archive={"bucket": 5})
    for field in ("archive.bucket", "archive.retain_days", "archive.lock_mode", "verification.sample_size"):
        assert f"{field}: " in error.what
    assert set(error.where.split(", ")) == {
        "argument archive.bucket",
        "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS",
        "AUDIT_TRAIL_VERIFICATION",
        str(path),
    }


def test_an_empty_home_is_not_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_HOME", "")
    error = refused()
    assert "home: an empty path" in error.what
    assert error.where == "AUDIT_TRAIL_HOME"


def test_a_variable_that_should_be_json_is_refused_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_SOURCES", f"[{SECRET}")
    error = refused()
    assert "JSON" in error.what
    assert '"sources"' in error.found
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        ([{"name": "api", "kind": "api", "url": "x"}], "api"),
        ([{"name": "a", "kind": "api", "url": "x"}, {"name": "a", "kind": "system", "url": "y"}], "a"),
    ],
)
def test_a_source_name_is_used_once_and_the_journal_has_three(
    sources: list[dict[str, str]], name: str
) -> None:
    assert f"the name {name!r} is used twice" in refused(sources=sources).what


def test_the_names_of_the_journal_are_free_when_it_is_not_collected() -> None:
    sources = [{"name": "api", "kind": "api", "url": "x"}]
    settings = load_settings(sources=sources, collect_journal=False)
    assert [source.name for source in settings.all_sources()] == ["api"]


@pytest.mark.parametrize("event_time", [{}, {"field": "t", "pattern": "(.*)"}, {"format": "%Y"}])
def test_an_event_time_is_found_in_exactly_one_way(event_time: dict[str, str]) -> None:
    sources = [{"name": "a", "kind": "api", "url": "x", "event_time": event_time}]
    error = refused(sources=sources)
    assert "sources.0.event_time: give exactly one of `field` and `pattern`" in error.what


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "none.yaml", tmp_path, Path("~no-such-user-here/x.yaml")):
        monkeypatch.setenv("AUDIT_TRAIL_CONFIG", str(path))
        error = refused()
        assert error.where == str(path)
        assert error.what == "the settings file cannot be read"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"a: 1\nsigning: {{passphrase: '{SECRET}", "invalid YAML in line 2"),
        (f"- {SECRET}", "YAML of another kind"),
        (SECRET, "YAML of another kind"),
        (f"1: {SECRET}", "YAML of another kind"),
        ("archive: !!python/object/apply:os.getcwd []", "invalid YAML in line 1"),
        ("a: \x01", "invalid YAML"),
        ("a: " + "[" * 5000, "invalid YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_without_its_text(home: Path, text: str, found: str) -> None:
    path = write_yaml(home, text)
    error = refused(home=home)
    assert (error.where, error.found) == (str(path), found)


def test_a_file_that_is_no_utf_8_is_refused(home: Path) -> None:
    (home / "audit-trail.yaml").write_bytes(b"archive: {name: caf\xe9}")
    assert refused(home=home).found == "invalid YAML"


def test_an_empty_file_sets_nothing(home: Path) -> None:
    write_yaml(home, "# nothing yet\n")
    assert load_settings(home=home) == load_settings(home=home.parent / "home")
    assert load_settings(home=home).archive.bucket == ""


def test_a_home_that_cannot_be_looked_into_is_refused() -> None:
    assert refused(home="/tmp/" + "x" * 300).what == "the settings file cannot be read"


def test_errors_of_settings_survive_pickling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS", "0")
    error = refused()
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ConfigurationError
    assert str(copy) == str(error)
    assert copy.details() == error.details()


# Paths in URLs

STRANGE = ["a[b]", "[!x]", "a{b}", "{date}", "{{", "a*?", "50%41", "a b", "#1", "caf\u00e9", "]["]


@pytest.mark.parametrize("name", STRANGE)
def test_the_journal_is_collected_from_a_home_of_any_name(tmp_path: Path, name: str) -> None:
    day = date(2026, 1, 31)
    settings = load_settings(home=tmp_path / name)
    path = settings.journal / "api" / day.isoformat() / "x.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}\n")
    (source,) = [item for item in settings.all_sources() if item.name == "api"]
    assert [item.size_bytes for item in list_files(source, day).files] == [3]


@pytest.mark.parametrize("name", STRANGE)
def test_a_literal_path_has_no_glob_and_no_placeholder(name: str) -> None:
    from fnmatch import fnmatchcase

    from audit_trail.sources.url_pattern import expand_dates

    assert fnmatchcase(name, expand_dates(literal_path(name), date(2026, 1, 31)))
    assert not fnmatchcase(f"{name}x", expand_dates(literal_path(name), date(2026, 1, 31)))


# Their document


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Path and default of `archive.bucket`, `sources.event_time.field`, …"""
    for name, field in model.model_fields.items():
        inner = next(models_in(field.annotation), None)
        if inner is None or field.default is None:
            yield prefix + name, field.default
        if inner is not None:
            yield from rows(inner, f"{prefix}{name}.")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def test_the_document_names_every_field_and_no_other_with_its_default() -> None:
    text = DOCUMENT.read_text("utf-8")
    told = dict(re.findall(r"^\|\s*`([a-z0-9_.]+)`\s*\|\s*([^|]*?)\s*\|", text, re.MULTILINE))
    fields = dict(rows(Settings))
    assert sorted(told) == sorted(fields)
    for path, default in fields.items():
        if isinstance(default, bool):
            assert told[path] == f"`{str(default).lower()}`", path
        elif isinstance(default, int):
            assert told[path] == str(default), path
        elif isinstance(default, str) and default:
            assert told[path] == f"`{default}`", path
