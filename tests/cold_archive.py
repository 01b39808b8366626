"""Sealed days in a cold storage class, and what stands in front of the store to tell or refuse."""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length"}


class Front:
    """A store's front door: passes requests on, notes them, and says what a store of AWS may say.

    `restores` are the queries of all RestoreObject requests. `refusal` is a
    status and error code that they get instead of being passed on; with
    `refused_tier` only those of that tier. `expired` are parts of keys whose restored copies are gone.
    `before_answer` is called when a restore has been passed on, `before_head`
    before a HEAD is. The next `failing_heads` HEADs get 400, with
    `denied_heads` all of them 403.
    """

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.seen: list[tuple[str, str]] = []
        self.restores: list[dict[str, list[str]]] = []
        self.tiers: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.refused_tier = ""
        self.expired: set[str] = set()
        self.before_answer: Callable[[], object] = lambda: None
        self.before_head: Callable[[], object] = lambda: None
        self.failing_heads, self.denied_heads = 0, False
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                front.handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        self.seen.clear()
        self.restores.clear()
        self.tiers.clear()
        self.refusal, self.refused_tier = None, ""
        self.expired.clear()
        self.before_answer = self.before_head = lambda: None
        self.failing_heads, self.denied_heads = 0, False

    def handle(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        parts = urlsplit(asked.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        self.seen.append((asked.command, parts.path))
        is_restore = asked.command == "POST" and "restore" in query
        tier = (re.findall(rb"<Tier>(\w+)</Tier>", body) or [b""])[0].decode()
        if is_restore:
            self.restores.append(query)
            self.tiers.append(tier)
            if self.refusal is not None and self.refused_tier in ("", tier):
                self._refuse(asked, *self.refusal)
                return
        if asked.command == "HEAD":
            self.before_head()
            if self.failing_heads or self.denied_heads:
                self.failing_heads = max(0, self.failing_heads - 1)
                self._refuse(asked, 403 if self.denied_heads else 400, "")
                return
        is_expired = any(part in parts.path for part in self.expired)
        if is_expired and asked.command == "GET":
            self._refuse(asked, 403, "InvalidObjectState")
            return
        # The server behind keeps copies for ever, and says so: 200 OK where S3 says 202 Accepted.
        self._pass_on(
            asked,
            body,
            hidden={"x-amz-restore"} if is_expired else set(),
            status=202 if is_expired and is_restore else None,
        )

    def _pass_on(
        self, asked: BaseHTTPRequestHandler, body: bytes, *, hidden: set[str], status: int | None
    ) -> None:
        assert self.target.hostname is not None
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port or 80, timeout=60)
        connection.request(asked.command, asked.path, body, dict(asked.headers))
        answer = connection.getresponse()
        data = answer.read()
        if "restore" in asked.path and asked.command == "POST":
            self.before_answer()
        asked.send_response(status or answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | hidden:
                asked.send_header(name, value)
        length = answer.getheader("Content-Length") if asked.command == "HEAD" else str(len(data))
        asked.send_header("Content-Length", length or "0")
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(data)
        connection.close()

    def _refuse(self, asked: BaseHTTPRequestHandler, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>".encode() if code else b""
        asked.send_response(status)
        asked.send_header("Content-Type", "application/xml")
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    def heads(self) -> int:
        return sum(method == "HEAD" for method, _ in self.seen)


@contextmanager
def front_of(server: str) -> Iterator[Front]:
    """An empty account behind a front door."""
    urllib.request.urlopen(f"{server}/moto-api/reset", data=b"").close()
    front = Front(server)
    try:
        yield front
    finally:
        front.server.shutdown()
        front.server.server_close()


def finish_restores_after(server: str, heads: int) -> None:
    """A restore is in progress for so many looks at an object; one look is the least."""
    body = {"model_name": "s3::keyrestore", "transition": {"progression": "manual", "times": heads}}
    request = urllib.request.Request(
        f"{server}/moto-api/state-manager/set-transition",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


class ColdArchive:
    """An archive whose segments are put into DEEP_ARCHIVE.

    Args:
        home: Its home folder, with its settings in a YAML file.
        endpoint_url: Its store.
        overrides: Settings, e.g. `verification`.
    """

    def __init__(self, home: Path, endpoint_url: str, **overrides: Any) -> None:
        self.logs = home / "logs"
        self.logs.mkdir(parents=True)
        credentials = home / "credentials"
        credentials.write_text("[default]\naws_access_key_id = test\naws_secret_access_key = test\n")
        values: dict[str, Any] = {
            "home": str(home),
            "archive": {
                "name": "cold",
                "bucket": "cold-archive",
                "prefix": "company",
                "endpoint_url": endpoint_url,
                "credentials_file": str(credentials),
                "retain_days": 30,
                "storage_class": "DEEP_ARCHIVE",
            },
            "sources": [{"name": "app", "kind": "application", "url": f"file://{self.logs}/{{date}}*"}],
            "collect_journal": False,
        }
        self.config = home / "settings.yaml"
        self.config.write_text(yaml.safe_dump(values | overrides))
        self.settings: Settings = load_settings(**(values | overrides))
        make_passphrase(self.settings)
        generate_keys(self.settings)
        self.processor = AuditTrailProcessor(self.settings)
        self.context: StageContext = self.processor.context
        found_archive(self.context)

    def seal(self, day: str, data: bytes) -> None:
        (self.logs / f"{day}.log").write_bytes(data)
        self.processor.process_daily_logs(day)
