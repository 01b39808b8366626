"""`audit-trail redact`: what it writes, shows and counts, and its exit statuses."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_trail.cli.command_line import main
from audit_trail.cli.redaction_view import changed_records
from audit_trail.redaction import Redactor

PLUGINS = Path(__file__).parents[2] / "plugins"
SECRETS = ("hunter2x", "ann@example.com", "s3cr3t-t0ken-value")
LOG = (
    '{"user":"bob","password":"hunter2x","note":"mail ann@example.com"}\n'
    "nothing here\n"
    "GET /x?n=1 token=s3cr3t-t0ken-value rest of it\n"
)
REDACTED = (
    '{"user":"bob","password":"[REDACTED:password]","note":"mail [REDACTED:email]"}\n'
    "nothing here\n"
    "GET /x?n=1 token=[REDACTED:token] rest of it\n"
)
PRIVATE_KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n" * 20
    + "-----END PRIVATE KEY-----\n"
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main(["redact", *map(str, arguments)])
        except SystemExit as error:
            status = int(str(error.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text(LOG)
    return path


@pytest.fixture(scope="module")
def process_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For processes of their own: they compile once, together, and not each in its own home."""
    kept = os.environ.get("NUMBA_CACHE_DIR") or str(tmp_path_factory.mktemp("compiled"))
    return os.environ | {"PYTHONPATH": str(PLUGINS), "NUMBA_CACHE_DIR": kept}


def policy(tmp_path: Path, text: str, name: str = "policy.yaml") -> Path:
    path = tmp_path / name
    path.write_text(f"version: 1\n{text}\n")
    return path


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


# Writing records


def test_a_file_comes_out_redacted(run: Run, log: Path) -> None:
    assert run(log) == (0, REDACTED, "")


def test_standard_input_is_read_when_no_file_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ((), ("-",)):
        feed(monkeypatch, LOG.encode())
        assert run(*arguments) == (0, REDACTED, "")


def test_several_inputs_come_out_one_after_the_other(
    run: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("no newline at the end, pin=1234")
    feed(monkeypatch, b"last\n")
    status, out, _ = run(log, other, "-")
    assert (status, out) == (0, REDACTED + "no newline at the end, pin=[REDACTED:pin]last\n")


def test_bytes_that_are_no_text_pass_through(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "binary"
    data = bytes(range(256)) + b"\r\n\x00\xff\xfe no end"
    path.write_bytes(data)
    assert main(["redact", str(path)]) == 0
    assert capfdbinary.readouterr().out == data


def test_an_empty_file_stays_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert run(tmp_path / "empty") == (0, "", "")


def test_records_come_out_before_the_input_ends(process_environment: dict[str, str]) -> None:
    """As with `tail -f app.log | audit-trail redact`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "audit_trail", "redact"],
        env=process_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    killer = threading.Timer(300, process.kill)
    killer.start()
    try:
        process.stdin.write(b"password=hunter2x\nhalf a rec")
        process.stdin.flush()
        assert process.stdout.readline() == b"password=[REDACTED:password]\n"
        process.stdin.close()
        assert process.stdout.read() == b"half a rec"
        assert process.wait() == 0
    finally:
        killer.cancel()
        process.kill()
        process.wait()


def test_a_reader_that_has_gone_ends_it_quietly(tmp_path: Path, process_environment: dict[str, str]) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"password=hunter2x\n" * 100_000)
    read_end, write_end = os.pipe()
    os.close(read_end)
    for options in ([], ["--explain"], ["--explain", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "audit_trail", "redact", str(path), *options],
            env=process_environment,
            stdout=write_end,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert (done.returncode, done.stderr) == (141, b"")
    os.close(write_end)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_a_full_disk_is_said(process_environment: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "audit_trail", "redact"],
            env=process_environment,
            input=LOG.encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


# Explaining


def test_what_would_go_is_shown_as_a_diff_with_reasons_and_counts(run: Run, log: Path) -> None:
    status, out, err = run("--explain", log)
    assert (status, err) == (0, "")
    shown = out.splitlines()
    assert shown[:6] == [
        "1  password (key password), email (detector email)",
        *("- " + LOG.splitlines()[0], "+ " + REDACTED.splitlines()[0]),
        "3  token (key token)",
        *("- " + LOG.splitlines()[2], "+ " + REDACTED.splitlines()[2]),
    ]
    counts = [line.split() for line in shown[6:] if line.split()[-1:] == ["1"]]
    assert counts == [[rule, "mask", "1"] for rule in ("password", "token", "email")]
    assert "\x1b" not in out


def test_of_several_files_each_record_says_its_own(run: Run, log: Path) -> None:
    _, out, _ = run("--explain", log, log)
    assert out.count(f"{log}:1  password") == 2
    assert out.count(f"{log}:3  token") == 2


def test_long_records_are_shown_around_what_changes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_text("a " * 5000 + "password=hunter2x " + "b " * 5000 + "pin=4711 " + "c " * 5000)
    _, out, _ = run("--explain", path)
    old, new = out.splitlines()[1:3]
    assert len(old) < 1000
    assert old.count(" … ") == 3
    assert "password=hunter2x b b" in old
    assert "password=[REDACTED:password] b b" in new


def test_nothing_in_a_log_steers_the_terminal(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "evil"
    path.write_bytes(
        b"\x1b]0;title\x07\x1b[2J password=hun\x1b[31mter2x \x9b2J \xe2\x80\xae [bold]x[/] \xff\n"
    )
    _, out, _ = run("--explain", path)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out)
    assert "\\x1b]0;title\\x07" in out
    assert "[bold]x[/]" in out


def test_as_json_it_tells_places_rules_and_reasons_but_no_secret(run: Run, log: Path) -> None:
    status, out, _ = run("--explain", "--json", log)
    assert status == 0
    found = lines(out)
    records = LOG.splitlines()
    secrets = [records[line["record"] - 1][line["start"] : line["end"]] for line in found]
    assert secrets == list(SECRETS)
    assert [(line["rule"], line["because"]) for line in found] == [
        ("password", {"kind": "key", "text": "password"}),
        ("email", {"kind": "detector", "text": "email"}),
        ("token", {"kind": "key", "text": "token"}),
    ]
    assert [line["replacement"] for line in found] == [
        f"[REDACTED:{rule}]" for rule in ("password", "email", "token")
    ]
    assert {line["file"] for line in found} == {str(log)}
    assert not any(secret in out for secret in SECRETS)


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_records_are_found_wherever_the_input_is_cut(size: int) -> None:
    data = (LOG * 3 + PRIVATE_KEY + LOG + "pin=4711").encode()
    redactor = Redactor()
    made = [b""]

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    for record in changed_records(pieces(), redactor.find):
        assert data.split(b"\n")[record.number - 1] == record.data
        made.append(b"%d:" % record.number)
        for finding in record.findings:
            made.append(record.data[finding.start : finding.end] + b">" + finding.replacement)
    whole = [b""]
    for record in changed_records([data], redactor.find):
        whole.append(b"%d:" % record.number)
        whole += [record.data[one.start : one.end] + b">" + one.replacement for one in record.findings]
    assert made == whole
    assert sum(b"private-key" in text for text in made) == PRIVATE_KEY.count("\n")


# Checking and counting


def test_check_says_by_its_status_whether_something_would_go(run: Run, log: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    clean.write_text("nothing here\n")
    assert run("--check", clean) == (0, "Nothing would go.\n", "")
    status, out, _ = run("--check", clean, log)
    assert status == 1
    assert not any(secret in out for secret in SECRETS)
    assert run("--check", "--explain", log)[0] == 1
    assert run("--check", "--explain", clean)[0] == 0


def test_what_was_redacted_passes_the_check(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "redacted"
    path.write_text(REDACTED)
    assert run("--check", path)[0] == 0


def test_counts_as_json(run: Run, log: Path) -> None:
    for arguments, expected in ((("--json",), 0), (("--json", "--check"), 1)):
        status, out, _ = run(*arguments, log)
        assert status == expected
        assert json.loads(out) == {
            "policy_sha256": Redactor().policy_sha256,
            "replacements": 3,
            "replacements_by_rule": {"email": 1, "password": 1, "token": 1},
        }


# Policies


def test_the_policy_that_is_named_is_used(run: Run, log: Path, tmp_path: Path) -> None:
    only_mail = policy(tmp_path, "extends: none\nrules: [{name: email, detectors: [email], action: keep},"
                                 " {name: user, keys: [user]}]")  # fmt: skip
    status, out, _ = run("--policy", only_mail, log)
    assert (status, out) == (0, LOG.replace("bob", "[REDACTED:user]"))


def test_the_settings_policy_is_used_and_the_named_one_is_stronger(
    run: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "extends: none\nrules: [{name: %s, keys: [password]}]"
    monkeypatch.setenv("AUDIT_TRAIL_REDACTION__POLICY_FILE", str(policy(tmp_path, text % "of-settings", "a")))
    assert "[REDACTED:of-settings]" in run(log)[1]
    assert "[REDACTED:named]" in run("--policy", policy(tmp_path, text % "named", "b"), log)[1]


def test_pseudonyms_need_a_key_that_only_the_owner_can_read(
    run: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = policy(tmp_path, "rules: [{name: email, action: pseudonymize}]")
    status, _, err = run("--policy", chosen, log)
    assert status == 3
    assert "redaction.pseudonym_key_file" in err
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32 + b"\n")
    key.chmod(0o644)
    monkeypatch.setenv("AUDIT_TRAIL_REDACTION__PSEUDONYM_KEY_FILE", str(key))
    status, _, err = run("--policy", chosen, log)
    assert status == 3
    assert "chmod 600" in err
    key.chmod(0o600)
    status, out, _ = run("--policy", chosen, log)
    assert status == 0
    assert "ann@example.com" not in out
    assert "[REDACTED:email:" in out
    assert out == run("--policy", chosen, log)[1]


@pytest.mark.parametrize(
    ("arguments", "expected", "named"),
    [
        (("/nonexistent/x.log",), 2, "/nonexistent/x.log"),
        (("/",), 2, "Is a directory"),
        (("--policy", "/nonexistent/p.yaml"), 3, "/nonexistent/p.yaml"),
        (("--no-such-option",), 3, "--no-such-option"),
    ],
)
def test_what_cannot_be_read_or_meant_has_a_status_of_its_own(
    run: Run, arguments: tuple[str, ...], expected: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, b"")
    status, out, err = run(*arguments)
    assert (status, out) == (expected, "")
    assert named in err


def test_the_help_warns_of_secrets_on_the_screen(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert "THE SECRETS THEMSELVES" in out
