"""The redactor takes out what is sensitive and leaves every other byte."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Policy, Redactor, Rule

REDACTOR = Redactor()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"

REDACTED = [
    # JSON members
    ('{"password":"x"}', '{"password":"[REDACTED:password]"}'),
    (r'{"password":"a\"b\\","n":1}', '{"password":"[REDACTED:password]","n":1}'),
    ('{"password": ", 1"}', '{"password": "[REDACTED:password]"}'),
    ('{"pin":1234,"n":1}', '{"pin":"[REDACTED:pin]","n":1}'),
    ('{"secret" : true }', '{"secret" : "[REDACTED:secret]" }'),
    ('{"cvv":-1.5e3}', '{"cvv":"[REDACTED:payment-card]"}'),
    ('{"Authorization":"Basic dTpw"}', '{"Authorization":"[REDACTED:authorization]"}'),
    ('{"password":"cut off', '{"password":"[REDACTED:password]'),
    # JSON in a JSON string, also twice
    (r'{"b":"{\"password\":\"x\\\"y\",\"n\":1}"}', r'{"b":"{\"password\":\"[REDACTED:password]\",\"n\":1}"}'),
    (r'{"b":"{\"pin\":12}"}', r'{"b":"{\"pin\":\"[REDACTED:pin]\"}"}'),
    (r'"\"{\\\"token\\\":\\\"x\\\"}\""', r'"\"{\\\"token\\\":\\\"[REDACTED:token]\\\"}\""'),
    # Python's notation
    ("{'api_key': 'a\"b', 'n': 1}", "{'api_key': '[REDACTED:api-key]', 'n': 1}"),
    # keys by their words
    ("clientSecret=x", "clientSecret=[REDACTED:secret]"),
    ("CLIENT-SECRET: x", "CLIENT-SECRET: [REDACTED:secret]"),
    ("client_secret=x", "client_secret=[REDACTED:secret]"),
    ("PGPASSWORD=x", "PGPASSWORD=[REDACTED:password]"),
    ("APIKey=x", "APIKey=[REDACTED:api-key]"),
    ("password_confirmation=x", "password_confirmation=[REDACTED:password]"),
    ("password2=x", "password2=[REDACTED:password]"),
    ("aws_secret_access_key=abc/def+ghi", "aws_secret_access_key=[REDACTED:api-key]"),
    ("secret => x", "secret => [REDACTED:secret]"),
    # text
    ('password="a b" n=1', 'password="[REDACTED:password]" n=1'),
    ("password=a,b;c&d n=1", "password=[REDACTED:password] n=1"),
    ("password=a, user=b", "password=[REDACTED:password], user=b"),
    ("f(password=a)", "f(password=[REDACTED:password])"),
    ("run --password x --n 1", "run --password [REDACTED:password] --n 1"),
    ('run --token=x --db-password "a b"', 'run --token=[REDACTED:token] --db-password "[REDACTED:password]"'),
    (r'{"m":"password=\"x\" n"}', r'{"m":"password=\"[REDACTED:password]\" n"}'),
    (r'{"m":"a\npassword=x\nb"}', r'{"m":"a\npassword=[REDACTED:password]\nb"}'),
    (r'{"u":"/a?n=1\u0026token=x\u0026m=2"}', r'{"u":"/a?n=1\u0026token=[REDACTED:token]\u0026m=2"}'),
    # headers
    ("Authorization: Bearer a.b status=200", "Authorization: [REDACTED:authorization] status=200"),
    ("Proxy-Authorization: x", "Proxy-Authorization: [REDACTED:authorization]"),
    ("-H 'Cookie: a=b; c=d'", "-H 'Cookie: [REDACTED:cookie]'"),
    ("Set-Cookie: a=b; Path=/; HttpOnly", "Set-Cookie: [REDACTED:cookie]"),
    ("X-Api-Key: x", "X-Api-Key: [REDACTED:api-key]"),
    ('Authorization: Digest username="a", response="b"', "Authorization: [REDACTED:authorization]"),
    ("sent Bearer abcdef0123456789== on", "sent [REDACTED:authorization] on"),
    # URLs
    ("https://u:p@host/x", "https://[REDACTED:url-userinfo]@host/x"),
    ("postgresql://u:p@ss@host/db", "postgresql://[REDACTED:url-userinfo]@host/db"),
    ("/x?access_token=a&n=1", "/x?access_token=[REDACTED:token]&n=1"),
    ("/x?X-Amz-Signature=0123456789ab&n=1", "/x?X-Amz-Signature=[REDACTED:signature]&n=1"),
    # shapes
    (f"got {JWT}.", "got [REDACTED:jwt]."),
    (f"{JWT} pin", "[REDACTED:jwt] pin"),
    ("id AKIAIOSFODNN7EXAMPLE!", "id [REDACTED:aws-access-key]!"),
    (f"ghp_{LETTERS[:36]}", "[REDACTED:github-token]"),
    (f"glpat-{LETTERS[:20]}", "[REDACTED:gitlab-token]"),
    (f"xoxb-123456789012-{LETTERS[:12]}", "[REDACTED:slack-token]"),
    (f"sk_live_{LETTERS[:24]}", "[REDACTED:stripe-key]"),
    (f"AIza{LETTERS[:35]}", "[REDACTED:google-token]"),
    (
        r'{"k":"-----BEGIN RSA PRIVATE KEY-----\nMII=\n-----END RSA PRIVATE KEY-----\n"}',
        r'{"k":"[REDACTED:private-key]\n"}',
    ),
    ("bob.o'x bob+tag@mail.example.co.uk,", "bob.o'x [REDACTED:email],"),
    (r'{"m":"\u003ca@x.org\u003e\na@x.org"}', r'{"m":"\u003c[REDACTED:email]\u003e\n[REDACTED:email]"}'),
    ("card 4111 1111 1111 1111 123", "card [REDACTED:payment-card] 123"),
    ("card 3782-822463-10005", "card [REDACTED:payment-card]"),
    ('{"n":5555555555554444}', '{"n":"[REDACTED:payment-card]"}'),
    ('[4111111111111111,"4111111111111111"]', '["[REDACTED:payment-card]","[REDACTED:payment-card]"]'),
    ('{"m":"cards [4111111111111111, 5]"}', '{"m":"cards [[REDACTED:payment-card], 5]"}'),
    (r'{"m":"\n4111111111111111"}', r'{"m":"\n[REDACTED:payment-card]"}'),
    ("ssn 123-45-6789", "ssn [REDACTED:us-ssn]"),
    ("call +14155552671 or +44 20 7946 0958", "call [REDACTED:phone] or [REDACTED:phone]"),
    ("to GB82 WEST 1234 5698 7654 32 NOW", "to [REDACTED:iban] NOW"),
    ("to DE89370400440532013000", "to [REDACTED:iban]"),
    ("ID12 AKIAIOSFODNN7EXAMPLE", "ID12 [REDACTED:aws-access-key]"),
]  # fmt: skip

UNTOUCHED = [
    "tokens_used=5 token_count: 6 max_token=7",
    '{"tokens_used":5,"token_count":6,"token_type":"Bearer"}',
    "secretary: Bob author=Ann authorized=true compass=9",
    "password_policy=strong password_changed_at=2026-01-31",
    '{"has_password":true,"password":null,"secret":""}',
    '{"msg":"password=","user":"bob","m":"token: ","n":1}',
    r'{"msg":"Enter password:\n","b":"{\"m\":\"password=\",\"u\":1}"}',
    "use audit::Token::new and secret://vault/path",
    "10.0.0.1 2001:db8::1 550e8400-e29b-41d4-a716-446655440000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "2026-01-31T10:11:12.123456Z 1700000000000000 [31/Jan/2026:10:11:12 +0200]",
    "v1.2.3+20260131 lodash@4.17.21 root@localhost took 0.4111111111111111 s",
    "user_id=4111 order 4111111111111112 ssn-like 000-12-3456 912-34-5678 1-123-45-6789-0",
    "GB82 WEST 1234 5698 7654 33 GET /x?key=name&code=404",
    "the bearer of authentication-required",
    "[REDACTED:password] password=[REDACTED:password] https://[REDACTED:url-userinfo]@h/",
]


@pytest.mark.parametrize(("record", "expected"), REDACTED)
def test_sensitive_values_are_replaced_and_nothing_else(record: str, expected: str) -> None:
    result = REDACTOR.redact(record.encode())
    assert result.data.decode() == expected
    assert sum(result.counts.values()) == expected.count("[REDACTED:")


@pytest.mark.parametrize("record", UNTOUCHED)
def test_what_only_looks_sensitive_stays(record: str) -> None:
    result = REDACTOR.redact(record.encode())
    assert result.data.decode() == record
    assert result.counts == {}


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\n\n", b"a\r\nb", b"\xff\xfe\x00\n\x80", b"no newline at the end", b"\\"]
)
def test_odd_bytes_pass_through(data: bytes) -> None:
    assert REDACTOR.redact(data).data == data


def test_carriage_returns_and_neighbours_of_a_replacement_stay() -> None:
    data = b'\xff\x00\r\n{"password":"x\r\npassword=y\r\n\xfe'
    expected = b'\xff\x00\r\n{"password":"[REDACTED:password]\r\npassword=[REDACTED:password]\r\n\xfe'
    assert REDACTOR.redact(data).data == expected


def test_counts_name_each_rule_once_per_replacement() -> None:
    result = REDACTOR.redact(b"password=a password=b\nbob@example.com\n")
    assert result.counts == {"password": 2, "email": 1}


def test_a_policy_decides_what_is_sensitive_and_has_its_own_digest() -> None:
    policy = Policy(rules=(Rule(name="badge", keys=("badge number",), shapes=(r"BDG-[0-9]{4}\b",)),))
    redactor = Redactor(policy)
    assert redactor.redact(b"badgeNumber=7 BDG-1234 password=x").data == (
        b"badgeNumber=[REDACTED:badge] [REDACTED:badge] password=x"
    )
    assert redactor.policy_sha256 != REDACTOR.policy_sha256
    assert redactor.policy_sha256 == Redactor(policy).policy_sha256


def test_a_policy_without_rules_changes_nothing() -> None:
    assert Redactor(Policy(rules=())).redact(b"password=x bob@example.com").counts == {}


def test_a_shape_that_re2_does_not_know_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="RE2"):
        Redactor(Policy(rules=(Rule(name="bad", shapes=("(?=x)",)),)))


def test_threads_share_one_redactor() -> None:
    block = b'{"password":"x","n":4111111111111111}\nplain\n' * 500
    expected = REDACTOR.redact(block).data
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(REDACTOR.redact(block).data)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_importing_loads_neither_airflow_nor_boto3_nor_re2() -> None:
    code = (
        "import sys, audit_trail.redaction;"
        "print([name for name in ('airflow', 'boto3', 're2', 'pydantic') if name in sys.modules])"
    )
    plugins = Path(__file__).parents[2] / "plugins"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(plugins)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


WORDS = [
    "password",
    "token",
    "Cookie",
    "Authorization",
    "api_key",
    "--secret ",
    "null",
    "true",
    "x",
    "n",
    "u",
    "7",
]
MARKS = [*"=: ,;&?\"'\\{}[]()/@.-+\t\x00é", "\\n", '\\"', "\\\\", "\\u0026", "://", "\n", "\r\n"]
VALUES = [
    "bob@example.com", "u:p@", "4111111111111111", "4111 1111 1111 1111", "123-45-6789", "+14155552671", JWT,
    "GB82WEST12345698765432", "AKIAIOSFODNN7EXAMPLE", "-----BEGIN PRIVATE KEY-----", "sig=", "key=",
    "-----END PRIVATE KEY-----", "Bearer abcdef0123456789", "Digest a=", "[REDACTED:password]", "[REDACTED:",
]  # fmt: skip
FRAGMENTS = st.sampled_from(WORDS + MARKS + VALUES)
LOG_BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(FRAGMENTS, max_size=14).map(lambda parts: "".join(parts).encode()),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=10).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    ),
)


@pytest.mark.parametrize(
    "data",
    [
        b"://Bearer +++++++++++++++0\x00@",
        b"001-01-0001-eyJ000000.AAAA.",
        b"123-45-6789.4111111111111111",
        b"bob@example.com+14155552671",
        b"AKIAIOSFODNN7EXAMPLE.password=x",
        b"Authorization=Digest a=\\p",
        b"Cookie: a=b\\p",
    ],
)
def test_what_a_replacement_leaves_beside_it_is_judged_the_same_again(data: bytes) -> None:
    once = REDACTOR.redact(data)
    assert once.counts
    assert REDACTOR.redact(once.data).counts == {}


@settings(deadline=None)
@given(LOG_BYTES)
def test_records_in_are_records_out_and_a_second_scan_finds_nothing(data: bytes) -> None:
    result = REDACTOR.redact(data)
    assert result.data.count(b"\n") == data.count(b"\n")
    again = REDACTOR.redact(result.data)
    assert (again.data, again.counts) == (result.data, {})


@settings(deadline=None)
@given(st.lists(LOG_BYTES.map(lambda data: data.replace(b"\n", b"")), min_size=1, max_size=5))
def test_a_record_is_redacted_the_same_whatever_stands_around_it(records: list[bytes]) -> None:
    together = REDACTOR.redact(b"\n".join(records)).data
    assert together.split(b"\n") == [REDACTOR.redact(record).data for record in records]


KEYS = st.sampled_from(
    ["password", "pin", "n", "clientSecret", "Cookie", "msg", "token_count", "é", "bob@example.com"]
)
TEXTS = st.one_of(st.text(max_size=8), st.lists(FRAGMENTS, max_size=8).map("".join))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS,
    st.sampled_from([4111111111111111, 5555555555554444]),
)  # fmt: skip
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.one_of(KEYS, TEXTS), DOCUMENTS, max_size=4),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_json_in_is_json_out(
    document: dict[str, object], ascii_only: bool, separators: tuple[str, str]
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, separators=separators)
    json.loads(REDACTOR.redact(text.encode("utf-8", "replace")).data)


@settings(deadline=None)
@given(st.dictionaries(KEYS, TEXTS, min_size=1, max_size=4))
def test_json_within_a_json_string_stays_json_and_loses_its_secret(inner: dict[str, str]) -> None:
    """The marker's value is one no other rule knows, so only the key can give it away."""
    marker = base64.b32encode(b"a value").decode().lower()
    inner["db_password"] = marker
    outer = json.dumps({"body": json.dumps(inner)})
    result = REDACTOR.redact(outer.encode())
    body = json.loads(result.data)["body"]
    assert marker not in body
    json.loads(body)


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=40), st.sampled_from(["password", "apiKey", "X-Auth-Token", "CLIENT_SECRET"])
)
def test_the_value_of_a_sensitive_json_key_is_gone_whatever_it_is(value: str, key: str) -> None:
    record = json.dumps({"a": 1, key: value, "z": value}, ensure_ascii=False).encode("utf-8", "replace")
    loaded = json.loads(REDACTOR.redact(record).data)
    assert loaded[key].startswith("[REDACTED:")
    assert loaded["a"] == 1
