"""The catalogue of tokens: how it is made, and that what ships was made like that."""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from pathlib import Path

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import token_catalogue as catalogue
from audit_trail.redaction.policy_file import parse_policy
from audit_trail.redaction.policy_file import token_catalogue as shipped_catalogue
from audit_trail.redaction.rust_pattern import Unfit, shape_source
from audit_trail.redaction.token_catalogue import catalogue_entries, catalogue_text, rule_name

SHIPPED = Path(catalogue.__file__).with_name("token_catalogue.yaml")
HAS_LIBRARY = importlib.util.find_spec("kingfisher_sdk") is not None
NEARBY = r"""(?i)(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|=>|,)[\x60'"\s=]{0,5}"""
BEHIND = r"""(?:\\?['"\x60]|[\s;]|\\[nr]|$)"""


def taken(pattern: str, rule_id: str = "x.acme-api-key") -> str | None:
    entries, refused = catalogue_entries([(rule_id, pattern)])
    assert len(entries) + len(refused) == 1
    return entries[0].shape if entries else None


# From the library's patterns


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        (r"acme_[0-9a-z]{40}", "acme_[a-z0-9]{40}"),
        (r"\b(acme_[A-Za-z0-9]{40})\b", "acme_[A-Za-z0-9]{40}"),
        (rf"{NEARBY}(acme_[a-z0-9]{{40}}){BEHIND}", "acme_[A-Za-z0-9]{40}"),
        (r"\bACME(?i)[a-f0-9]{40}\b", r"\bACME[A-Fa-f0-9]{40}\b"),
        (r"(ab-(?i)[a-z]{40})(?:$|x)", "ab-[A-Za-z]{40}"),
        (r"a(?-i:b)[c]", "abc"),
        (r"ac[[:alnum:]]{14}\.[a-f0-9]{64}", r"ac[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
        (r"a_\w{82}", "a_[A-Za-z0-9_]{82}"),
        (r"(?:ghu|ghs)_[0-9]{36}", "gh[su]_[0-9]{36}"),
        (r"(?P<x>no)-(?P<TOKEN>ac-\d{1,3})", "ac-[0-9]{1,3}"),
        (r"(?x) a [ -] b # comment", "a[ -]b"),
        (r"ac[\]\\^-]{2}", r"ac[\\-\^-]{2}"),
        (r"a{2,}b+?c*d?(?:ef){3}", "a{2,}b{1,}c{0,}d?(?:ef){3}"),
        ("ac\\x00é", "ac\\x00\\xe9"),
    ],
)
def test_a_pattern_becomes_a_shape_of_its_token(pattern: str, shape: str) -> None:
    assert shape_source(pattern) == shape


@pytest.mark.parametrize(
    "pattern", ["a.b", "a(?!b)", "(?=a)b", "^ab", "(a(?i)b|c)", "[a", "[^", "(?x", r"(?:(a)\2)(b)", "€"]
)
def test_what_a_shape_cannot_say_is_unfit(pattern: str) -> None:
    with pytest.raises(Unfit):
        shape_source(pattern)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("acme_[a-z0-9]{40}", "acme_[a-z0-9]{40,}"),
        ("acme_[a-z0-9]{20,60}", "acme_[a-z0-9]{20,}"),
        (r"\bacme_[a-z0-9]{40}\b", "acme_[a-z0-9]{40,}"),
        (r"ACME[A-Za-z0-9]{30}", "ACME[A-Za-z0-9]{30,}"),
        ("ac-[0-9]{12}-[A-Za-z0-9]{30}={0,2}", None),
        ("AC-[0-9]{12}-[A-Za-z0-9]{30}={0,2}", "AC-[0-9]{12}-[A-Za-z0-9]{30}={0,2}"),
        (rf"{NEARBY}([a-f0-9]{{40}}){BEHIND}", None),
        ("acme[a-z0-9]{40}", None),
        ("1234[a-z0-9]{40}", None),
        ("4bcd[a-z0-9]{40}", None),
        ("acme_[a-z0-9]{8}", None),
        ("acm_[a-z0-9_-]{20}", None),
        ("acm_[a-z0-9_-]{40}", "acm_[a-z0-9_-]{40,}"),
        ("(?:acme_|[a-z]_)[a-z0-9]{40}", None),
        ("acme_[a-z]+[a-z0-9]{40}", None),
    ],
)
def test_only_what_says_by_itself_what_it_is_is_taken(pattern: str, shape: str | None) -> None:
    assert taken(pattern) == shape


@pytest.mark.parametrize(
    "identifier", ["acme-client-id", "acme-host.1", "acme-public-key", "acme-project-url"]
)
def test_names_and_places_are_not_taken(identifier: str) -> None:
    assert taken("acme_[a-z0-9]{40}", f"x.{identifier}") is None
    assert taken("acme_[a-z0-9]{40}", "x.acme-client-secret") is not None


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("acme-personal-access-token", "acme-token"),
        ("acme-api-key-v2", "acme-token"),
        ("new-relic-user-api-key", "new-relic-token"),
        ("aws-access-token", "aws-access-key"),
        ("token", "token-token"),
        ("Odd__Name", "odd-name-token"),
    ],
)
def test_names_are_the_providers(identifier: str, name: str) -> None:
    assert rule_name(identifier) == name


def test_the_text_is_a_policy_file_and_depends_on_nothing_but_the_rules() -> None:
    patterns = [
        ("x.b-key", "b'c_[a-z0-9]{40}"),
        ("x.a-key", "ab_[A-Z0-9]{40}"),
        ("y.a-token", "ab_[A-Z0-9]{40}"),
    ]
    texts = {catalogue_text(catalogue_entries(order)[0], "1.0") for order in (patterns, patterns[::-1])}
    (text,) = texts
    rules = parse_policy(text, where="made").rules
    assert [(rule.name, rule.shapes) for rule in rules] == [
        ("a-token", ("ab_[A-Z0-9]{40,}",)),
        ("b-token", ("b'c_[a-z0-9]{40,}",)),
    ]
    assert "# x.a-key, y.a-token" in text
    assert f"{catalogue.LIBRARY} 1.0" in text


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kingfisher_sdk", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        catalogue.library_patterns()
    assert catalogue.LIBRARY in caught.value.remedy


def test_the_command_writes_the_catalogue_and_says_what_it_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patterns = {"x.acme-key": "acme_[a-z0-9]{40}", "x.other-key": "[a-z]{40}"}

    class Rules:
        def metadata(self) -> list[dict[str, str]]:
            return [{"id": rule_id} for rule_id in patterns]

        def detail(self, rule_id: str) -> dict[str, str]:
            return {"detection_regex": patterns[rule_id]}

    monkeypatch.setitem(sys.modules, "kingfisher_sdk", types.SimpleNamespace(Rules=Rules))
    monkeypatch.setattr(catalogue.metadata, "version", lambda name: "9.9")
    monkeypatch.setattr(catalogue, "TARGET", tmp_path / "made.yaml")
    assert catalogue.main() == 0
    assert "acme_[a-z0-9]{40,}" in (tmp_path / "made.yaml").read_text()
    said = capsys.readouterr().err
    assert "x.other-key: its beginning '' says too little" in said
    assert "1 of 2 rules taken" in said


# What ships


@pytest.mark.skipif(not HAS_LIBRARY, reason="needs kingfisher-secret-scanner")
def test_what_ships_is_what_the_command_makes() -> None:
    patterns, version = catalogue.library_patterns()
    made_with = re.search(rf"{catalogue.LIBRARY} (\S+)", SHIPPED.read_text("utf-8"))
    assert made_with is not None
    assert version == made_with[1], "make the catalogue anew, and look at what changed"
    assert catalogue_text(catalogue_entries(patterns)[0], version) == SHIPPED.read_text("utf-8")


def test_nothing_innocent_matches_the_catalogue() -> None:
    innocent = [
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "arn:aws:iam::123456789012:role/service-role/some-long-role-name-of-a-lambda-function",
        "projects/some-project-with-a-name/locations/europe-west1/keyRings/ring/cryptoKeys/key",
        "test_that_a_long_function_name_in_a_program_is_not_taken_for_a_token_of_somebody",
        "key_management_service_client_configuration_factory_bean_name",
        "pk-some-kebab-case-slug-of-an-article-that-goes-on-and-on-for-a-while-it-seems",
        "AAAAB3NzaC1yc2EAAAADAQABAAABgQC7vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo",
    ]
    for rule in shipped_catalogue():
        for shape in rule.shapes:
            found = re.compile(rf"(?<!\w)(?:{shape})(?!\w)", re.ASCII)
            assert not any(found.search(text) for text in innocent), (rule.name, shape)
