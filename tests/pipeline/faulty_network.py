"""A store seen through a bad network: a proxy that breaks the requests it is told to break."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Break = Callable[["Exchange"], bool]
"""Breaks one request, or says that it goes through."""
BLOCK_BYTES = 64 * 1024


@dataclass(kw_only=True)
class Exchange:
    """One request on its way."""

    method: str
    path: str
    handler: BaseHTTPRequestHandler
    length: int

    def refuse(self, status: int, code: str) -> bool:
        """Answer as S3 would, and let nothing through."""
        self.handler.rfile.read(self.length)
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as told</Message></Error>".encode()
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", "application/xml")
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        if self.method != "HEAD":
            self.handler.wfile.write(body)
        return True

    def cut(self, after: int) -> bool:
        """Take so many bytes of the request's body, then close the connection."""
        self.handler.rfile.read(min(after, self.length))
        with suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)
        self.handler.close_connection = True
        return True


@dataclass(kw_only=True)
class FaultyNetwork:
    """What was asked for, and what happens to it."""

    url: str
    breaks: list[Break] = field(default_factory=list)
    lost_answers: list[Break] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def faulty_network(store_url: str) -> Iterator[FaultyNetwork]:
    """A proxy in front of a store, for as long as the block lasts."""
    address = urlsplit(store_url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    network = FaultyNetwork(url=f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(network, address.hostname or "", address.port or 80)  # type: ignore[assignment]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield network
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def times(count: int, matches: Callable[[Exchange], bool], harm: Break) -> Break:
    """The first `count` requests that match are broken."""
    left, lock = [count], threading.Lock()

    def breaking(exchange: Exchange) -> bool:
        if not matches(exchange):
            return False
        with lock:
            if left[0] == 0:
                return False
            left[0] -= 1
        return harm(exchange)

    return breaking


def _handler(network: FaultyNetwork, host: str, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            exchange = Exchange(method=self.command, path=self.path, handler=self, length=length)
            network.asked.append((self.command, self.path))
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            if any(harm(exchange) for harm in network.breaks):
                return
            connection = http.client.HTTPConnection(host, port, timeout=60)
            try:
                is_lost = any(harm(exchange) for harm in network.lost_answers)
                self._forward(connection, self.rfile.read(length), is_lost=is_lost)
            finally:
                connection.close()

        def _forward(self, connection: http.client.HTTPConnection, body: bytes, *, is_lost: bool) -> None:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "expect":
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
            if is_lost:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection"}:
                    self.send_header(name, value)
            if answer.getheader("Content-Length") is None:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
