"""OpenSSL's own time-stamping authority behind HTTP on loopback, and what may be wrong with one."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.3.6.1.4.1.4146.2.3"
Behaviour = Literal[
    "good",
    "unreachable",
    "slow",
    "trickling",
    "moved",
    "refusing",
    "too long",
    "a web page",
    "rejected",
    "wrong nonce",
    "wrong imprint",
]
_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = {policy}
other_policies = {policy}
digests = {digests}
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class TimestampAuthority:
    """Answers queries; `behaviour` may change at any time.

    Args:
        folder: For its keys and configuration.
        name: Of its root.
        valid_days: How long its signing certificate was or is valid, around today; negative: it has expired.
    """

    folder: Path
    name: str = "Honest"
    valid_days: int = 365
    behaviour: Behaviour = "good"
    served: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.certificate_file = self.folder / "root.pem"
        _write_certificates(self)
        (self.folder / "serial").write_text("01\n")
        for name, digests in (("good", "sha256"), ("rejected", "sha512")):
            text = _CONFIG.format(folder=self.folder, policy=POLICY, digests=digests)
            (self.folder / f"{name}.cnf").write_text(text)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/tsr"

    @property
    def settings(self) -> dict[str, object]:
        return {"url": self.url, "certificate_file": self.certificate_file, "timeout_s": 2}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, query: bytes) -> bytes:
        """The TimeStampResp for a TimeStampReq."""
        if self.behaviour == "wrong nonce":
            query = _with_other_nonce(query)
        elif self.behaviour == "wrong imprint":
            query = _with_other_imprint(query)
        config = self.folder / f"{'rejected' if self.behaviour == 'rejected' else 'good'}.cnf"
        with self._lock:  # one serial file
            self.served += 1
            query_file, reply_file = self.folder / "query", self.folder / "reply"
            query_file.write_bytes(query)
            subprocess.run(
                ["openssl", "ts", "-reply", "-config", config, "-queryfile", query_file, "-out", reply_file],
                check=True,
                capture_output=True,
            )
            return reply_file.read_bytes()

    def token(self, data: bytes) -> bytes:
        """A response for `data`, without HTTP."""
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

        builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
        return self.answer(builder.build().as_bytes())


def openssl_accepts(token: bytes, data: bytes, certificate_file: Path, folder: Path) -> bool:
    """What an auditor does by hand."""
    (folder / "token.tsr").write_bytes(token)
    (folder / "entry").write_bytes(data)
    command = ["openssl", "ts", "-verify", "-data", "entry", "-in", "token.tsr", "-CAfile", certificate_file]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and b"Verification: OK" in done.stdout


def _handler(authority: TimestampAuthority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            match authority.behaviour:
                case "unreachable":
                    self.close_connection = True
                case "slow":
                    time.sleep(3)
                case "trickling":
                    self._trickle()
                case "moved":
                    self._send(302, b"", Location="ftp://127.0.0.1/")
                case "refusing":
                    self._send(403, b"pay first")
                case "too long":
                    self._send(200, bytes(1024 * 1024))
                case "a web page":
                    self._send(200, b"<html>Sign in</html>")
                case _ if self.headers["Content-Type"] != "application/timestamp-query":
                    self._send(415, b"")
                case _:
                    self._send(200, authority.answer(query))

        def do_GET(self) -> None:
            self._send(405, b"")

        def _send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/timestamp-reply", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _trickle(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            try:
                for _ in range(40):
                    self.wfile.write(bytes(4096))
                    time.sleep(0.25)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _with_other_imprint(query: bytes) -> bytes:
    digest = _parsed(query).message_imprint.message
    return query.replace(digest, bytes(len(digest)))


def _with_other_nonce(query: bytes) -> bytes:
    nonce = _parsed(query).nonce
    encoded = nonce.to_bytes((nonce.bit_length() + 7) // 8)
    return query.replace(encoded, encoded[:-1] + bytes([encoded[-1] ^ 1]))


def _parsed(query: bytes):  # type: ignore[no-untyped-def]
    from rfc3161_client._rust import parse_timestamp_request

    return parse_timestamp_request(query)


@cache
def _key(whose: str) -> rsa.RSAPrivateKey:
    """Making one takes longer than a test."""
    return rsa.generate_private_key(65537, 2048)


def _write_certificates(authority: TimestampAuthority) -> None:
    root_key, signing_key = _key(f"{authority.name} Root"), _key(f"{authority.name} TSA")
    root_name, name = _named(f"{authority.name} Root"), _named(f"{authority.name} TSA")
    now = datetime.now(UTC)
    years = timedelta(days=3650)
    root = (
        _builder(root_name, root_name, root_key.public_key(), now - years, now + years)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, SHA256())
    )
    half = timedelta(days=abs(authority.valid_days))
    start, end = (now - half, now + half) if authority.valid_days > 0 else (now - years, now - half)
    signer = (
        _builder(name, root_name, signing_key.public_key(), start, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, SHA256())
    )
    (authority.folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (authority.folder / "tsa.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    key = signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (authority.folder / "tsa.key").write_bytes(key)


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
