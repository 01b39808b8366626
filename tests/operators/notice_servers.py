"""An SMTP server and a webhook that keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """RFC 5321, as much of it as it takes to hand over a message."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.messages: list[str] = []


class _MailHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.answer("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.answer("354 go on")
                self.server.messages.append(self.message())
            if verb == b"QUIT":
                self.answer("221 bye")
                return
            self.answer("250 ok")

    def message(self) -> str:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.decode())
        return "".join(lines)

    def answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Webhook(ThreadingHTTPServer):
    """Answers every POST with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebhookHandler)
        self.bodies: list[Any] = []


class _WebhookHandler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Not onto the terminal."""


@contextmanager
def notice_servers() -> Iterator[tuple[MailServer, Webhook]]:
    """Both, serving."""
    with MailServer() as mail, Webhook() as webhook:
        for server in (mail, webhook):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield mail, webhook
        mail.shutdown()
        webhook.shutdown()


def connections(mail: MailServer, webhook: Webhook) -> dict[str, str]:
    """The environment in which Airflow finds them."""
    plain = {"disable_ssl": True, "disable_tls": True, "from_email": "audit@example.com"}
    smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": mail.server_address[1], "extra": plain}
    http = {"conn_type": "http", "host": "http://127.0.0.1", "port": webhook.server_address[1]}
    return {
        "AIRFLOW_CONN_AUDIT_SMTP": json.dumps(smtp),
        "AIRFLOW_CONN_AUDIT_WEBHOOK": json.dumps(http),
        "AIRFLOW__AUDIT_TRAIL__SMTP_CONN_ID": "audit_smtp",
        "AIRFLOW__AUDIT_TRAIL__SMTP_TO": "one@example.com, two@example.com",
        "AIRFLOW__AUDIT_TRAIL__WEBHOOK_CONN_ID": "audit_webhook",
    }
