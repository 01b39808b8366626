"""The redactor takes out what is sensitive and leaves every other byte."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.redaction.log_bytes import BEGIN_KEY, END_KEY, JWT, PEM_LINE

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Finding, Policy, Redactor, Rule, redactor

REDACTOR = Redactor()
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"

REDACTED = [
    # JSON members
    ('{"password":"x"}', '{"password":"[REDACTED:password]"}'),
    (r'{"password":"a\"b\\","n":1}', '{"password":"[REDACTED:password]","n":1}'),
    ('{"password": ", 1"}', '{"password": "[REDACTED:password]"}'),
    ('{"pin":1234,"n":1}', '{"pin":"[REDACTED:pin]","n":1}'),
    ('{"cvv":-1.5e3}', '{"cvv":"[REDACTED:payment-card]"}'),
    ('{"secret" : ["a", {"b": 1}] }', '{"secret" : "[REDACTED:secret]" }'),
    ('{"Authorization":"Basic dTpw"}', '{"Authorization":"[REDACTED:authorization]"}'),
    ('{"password":"cut off', '{"password":"[REDACTED:password]'),
    (r'{"pass\u0077ord":"x"}', r'{"pass\u0077ord":"[REDACTED:password]"}'),
    # JSON in a JSON string, also twice
    (r'{"b":"{\"password\":\"x\\\"y\",\"n\":1}"}', r'{"b":"{\"password\":\"[REDACTED:password]\",\"n\":1}"}'),
    # a card as a bare number: quotes where they keep JSON valid, and nowhere else
    ("list [4539148803436467] done", "list [[REDACTED:payment-card]] done"),
    ('a {"b":[1, 4539148803436467]} c', 'a {"b":[1, "[REDACTED:payment-card]"]} c'),
    ("[4539148803436467]", '["[REDACTED:payment-card]"]'),
    (r'{"b":"{\"pin\":1234}"}', r'{"b":"{\"pin\":\"[REDACTED:pin]\"}"}'),
    (r'"\"{\\\"token\\\":\\\"x\\\"}\""', r'"\"{\\\"token\\\":\\\"[REDACTED:token]\\\"}\""'),
    # a key that is a value
    ('{"name":"password","value":"x"}', '{"name":"password","value":"[REDACTED:password]"}'),
    ('{"value":"x","name":"password"}', '{"value":"[REDACTED:password]","name":"password"}'),
    ('["--password","x"]', '["--password","[REDACTED:password]"]'),
    # Python's notation
    ("{'api_key': 'a\"b', 'n': 1}", "{'api_key': '[REDACTED:api-key]', 'n': 1}"),
    # keys by their words
    ("clientSecret=x", "clientSecret=[REDACTED:secret]"),
    ("CLIENT-SECRET: x", "CLIENT-SECRET: [REDACTED:secret]"),
    ("client_secret=x", "client_secret=[REDACTED:secret]"),
    ("clientsecret=x", "clientsecret=[REDACTED:secret]"),
    ("PGPASSWORD=x", "PGPASSWORD=[REDACTED:password]"),
    ("APIKey=x", "APIKey=[REDACTED:api-key]"),
    ("password_confirmation=x", "password_confirmation=[REDACTED:password]"),
    ("password2=x", "password2=[REDACTED:password]"),
    ("aws_secret_access_key=abc/def+ghi", "aws_secret_access_key=[REDACTED:api-key]"),
    ("secret => x", "secret => [REDACTED:secret]"),
    ("pass=hunter22", "pass=[REDACTED:password]"),
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
    ("<password>x</password>", "<password>[REDACTED:password]</password>"),
    ("ALTER USER a IDENTIFIED BY 'x''y';", "ALTER USER a IDENTIFIED BY '[REDACTED:password]';"),
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
    (rf'{{"k":"{BEGIN_KEY}\nMII=\n{END_KEY}\n"}}', r'{"k":"[REDACTED:private-key]\n"}'),
    ("bob.o'x bob+tag@mail.example.co.uk,", "bob.o'x [REDACTED:email],"),
    (r'{"m":"\u003ca@x.org\u003e\na@x.org"}', r'{"m":"\u003c[REDACTED:email]\u003e\n[REDACTED:email]"}'),
    (r'{"m":"\u00e9bob@x.org"}', '{"m":"[REDACTED:email]"}'),
    ("card 4111 1111 1111 1111 123", "card [REDACTED:payment-card] 123"),
    ("card 3782-822463-10005", "card [REDACTED:payment-card]"),
    ('{"n":5555555555554444}', '{"n":"[REDACTED:payment-card]"}'),
    ('[4111111111111111,"4111111111111111"]', '["[REDACTED:payment-card]","[REDACTED:payment-card]"]'),
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
    '{"has_password":true,"password":null,"secret":"","token":false,"cookie":{},"pin":[]}',
    '{"msg":"password=","user":"bob","m":"token: ","n":1}',
    r'{"msg":"Enter password:\n","b":"{\"m\":\"password=\",\"u\":1}"}',
    "use audit::Token::new and secret://vault/path and ssh://git@host/repo",
    "10.0.0.1 2001:db8::1 550e8400-e29b-41d4-a716-446655440000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "2026-01-31T10:11:12.123456Z 1700000000000000 [31/Jan/2026:10:11:12 +0200]",
    "v1.2.3+20260131 lodash@4.17.21 root@localhost took 0.4111111111111111 s",
    "user_id=4111 order 4111111111111112 ssn-like 000-12-3456 912-34-5678 1-123-45-6789-0",
    "GB82 WEST 1234 5698 7654 33 GET /x?key=name&code=404",
    "the bearer of authentication-required; pass=12 fail=0 PWD=/home/bob",
    "[REDACTED:password] password=[REDACTED:password] https://[REDACTED:url-userinfo]@h/",
    "password=*** token=[FILTERED]",
]

JSON_STAYS_JSON = [
    '{"token:": 1, "password": 2}',
    '{"password=": 1, "password": 2}',
    '{"--secret ": 1, "password": 2}',
    '{"Cookie=>": 1, "password": 2}',
    '{"password%3D": 1, "password": 2}',
    '{"IDENTIFIED BY ":null,"password":null}',
    r'{"b": "{\"m\": \"\\u00e9bob@example.com\"}"}',
    r'{"b": "{\"m\": \"bob@b\\u00fccher.de\"}"}',
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


@pytest.mark.parametrize("record", JSON_STAYS_JSON)
def test_keys_that_end_like_text_and_escapes_in_escapes_leave_json_valid(record: str) -> None:
    import json

    loaded = json.loads(REDACTOR.redact(record.encode()).data)
    assert loaded.keys() == json.loads(record).keys()
    if "b" in loaded:
        assert "@" not in json.loads(loaded["b"])["m"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"\n\n\n", b"\r\n\r\n", b"a\r\nb", b"\xff\xfe\x00\n\x80", b"no newline", b"\\", b"\x00"],
)
def test_odd_bytes_pass_through(data: bytes) -> None:
    result = REDACTOR.redact(data)
    assert (result.data, result.counts) == (data, {})


@pytest.mark.parametrize(
    "record", ["password=x", '{"password":"x', "<password>x", "--password x", "password: 'x"]
)
def test_the_carriage_return_before_a_newline_stays(record: str) -> None:
    result = REDACTOR.redact(f"{record}\r\n".encode())
    assert result.data.endswith(b"[REDACTED:password]\r\n")


def test_invalid_utf_8_and_nul_beside_a_replacement_stay() -> None:
    data = b'\xff\x00\r\n{"password":"x\r\npassword=y\r\n\xfe'
    expected = b'\xff\x00\r\n{"password":"[REDACTED:password]\r\npassword=[REDACTED:password]\r\n\xfe'
    assert REDACTOR.redact(data).data == expected


def test_counts_name_each_rule_once_per_replacement() -> None:
    result = REDACTOR.redact(b"password=a password=b\nbob@example.com\n")
    assert result.counts == {"password": 2, "email": 1}


def test_findings_say_where_and_what() -> None:
    assert REDACTOR.find(b'x\n{"pin":1234} a@b.org') == [
        Finding(start=9, end=13, rule="pin", replacement=b'"[REDACTED:pin]"'),
        Finding(start=15, end=22, rule="email", replacement=b"[REDACTED:email]"),
    ]


@pytest.mark.parametrize("record", ["curl -u Bearer abcdef0123456789", "(415) 555-2671&@string(6)"])
def test_the_colon_of_a_placeholder_separates_no_user_from_a_password(record: str) -> None:
    assert b"[REDACTED:[" not in REDACTOR.redact(record.encode()).data


def test_a_private_key_over_many_lines_is_gone_and_the_lines_stay() -> None:
    block = "\n".join(["a", BEGIN_KEY, *[PEM_LINE] * 3, "QUJD", END_KEY, "b", PEM_LINE])
    result = REDACTOR.redact(block.encode()).data.decode().split("\n")
    assert (result[0], result[-2:]) == ("a", ["b", PEM_LINE])
    assert result[1:-2] == ["[REDACTED:private-key]"] * 6


def test_a_policy_decides_what_is_sensitive_and_has_its_own_digest() -> None:
    policy = Policy(rules=(Rule(name="badge", keys=("badge number",), shapes=(r"BDG-[0-9]{4}",)),))
    own = Redactor(policy)
    assert own.redact(b"badgeNumber=7 BDG-1234 password=x").data == (
        b"badgeNumber=[REDACTED:badge] [REDACTED:badge] password=x"
    )
    assert own.policy_sha256 != REDACTOR.policy_sha256
    assert own.policy_sha256 == Redactor(policy).policy_sha256


def test_a_policy_without_rules_changes_nothing() -> None:
    everything = "\n".join(record for record, _ in REDACTED).encode()
    result = Redactor(Policy(rules=())).redact(everything)
    assert (result.data, result.counts) == (everything, {})


def test_a_shape_that_needs_more_than_one_pass_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        Redactor(Policy(rules=(Rule(name="bad", shapes=("(?=x)",)),)))


def test_a_record_that_never_comes_to_rest_is_replaced_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one round allowed, a record whose replacement uncovers something more is such a one."""
    monkeypatch.setattr(redactor, "MAX_ROUNDS", 1)
    restless = b"123-45-6789+14155552671"
    assert Redactor().find(_spliced(restless))
    result = REDACTOR.redact(b"a\n" + restless + b"\npassword=x\n" + restless)
    assert (
        result.data
        == b"a\n[REDACTED:unstable-record]\npassword=[REDACTED:password]\n[REDACTED:unstable-record]"
    )
    assert result.counts["unstable-record"] == 2
    assert REDACTOR.redact(result.data).counts == {}


def _spliced(data: bytes) -> bytes:
    for found in reversed(REDACTOR.find(data)):
        data = data[: found.start] + found.replacement + data[found.end :]
    return data


def test_threads_share_one_redactor() -> None:
    blocks = [
        b'{"password":"x","n":4111111111111111}\nplain\n' * 500,
        b"a@b.org token=x " * 900,
        b"quiet " * 3000,
    ]
    expected = [REDACTOR.redact(block).data for block in blocks]
    results: dict[int, list[bytes]] = {}

    def work(number: int) -> None:
        results[number] = [REDACTOR.redact(block).data for block in blocks]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(6), expected)


@pytest.mark.parametrize("statement", ["", "; audit_trail.redaction.default_policy().sha256"])
def test_importing_and_reading_a_policy_load_nothing_heavy(statement: str) -> None:
    code = (
        f"import sys, audit_trail.redaction{statement};"
        "print([name for name in ('airflow', 'boto3', 'numba', 'numpy', 'pydantic') if name in sys.modules])"
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
