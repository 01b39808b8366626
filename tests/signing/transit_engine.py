"""A transit engine to sign with: OpenBao where `bao` is installed, or else a stand-in on the wire.

The stand-in speaks what https://developer.hashicorp.com/vault/api-docs/secret/transit describes of
reading keys and signing, with real keys behind it. It is not Vault, and proves nothing of Vault but that.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.signing.loopback_server import JsonHandler, LoopbackServer

TOKEN = "transit-token-for-tests"
MAKERS: dict[str, Any] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa-2048": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
}


class TransitDouble(LoopbackServer):
    """Keys by name and version, behind HTTP."""

    def __init__(self) -> None:
        self.token = TOKEN
        self._keys: dict[str, tuple[str, list[Any]]] = {}
        engine = self

        class Handler(JsonHandler):
            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}"))

            def _reply(self, asked: dict[str, Any] | None = None) -> None:
                status, answer = engine._answer(self.path, asked, self.headers["X-Vault-Token"])
                self.reply(status, answer)

        super().__init__(Handler)

    def make(self, name: str, kind: str) -> None:
        self._keys[name] = (kind, [MAKERS[kind]()] if kind in MAKERS else [None])

    def rotate(self, name: str) -> None:
        kind, versions = self._keys[name]
        versions.append(MAKERS[kind]())

    def _answer(self, path: str, asked: dict[str, Any] | None, token: str) -> tuple[int, dict[str, Any]]:
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        _, _, mount, action, name = path.split("/")
        if mount != "transit" or name not in self._keys:
            return 404, {"errors": []}
        kind, versions = self._keys[name]
        if action == "keys":
            keys = {str(number): _public(key) for number, key in enumerate(versions, 1)}
            return 200, {"data": {"type": kind, "keys": keys, "latest_version": len(versions)}}
        assert asked is not None
        version = asked["key_version"]
        signature = _sign(versions[version - 1], base64.b64decode(asked["input"]))
        text = base64.b64encode(signature).decode("ascii")
        return 200, {"data": {"signature": f"vault:v{version}:{text}", "key_version": version}}


class OpenBao:
    """A development server of OpenBao, in memory."""

    def __init__(self, program: str, folder: Path) -> None:
        self.token = TOKEN
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = ["-dev-no-store-token", f"-dev-root-token-id={TOKEN}"]
        self._process = subprocess.Popen(
            [program, "server", "-dev", *options, f"-dev-listen-address=127.0.0.1:{port}"],
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self._post("sys/mounts/transit", {"type": "transit"})

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def make(self, name: str, kind: str) -> None:
        self._post(f"transit/keys/{name}", {"type": kind})

    def rotate(self, name: str) -> None:
        self._post(f"transit/keys/{name}/rotate", {})

    def _post(self, path: str, value: dict[str, Any]) -> None:
        headers = {"X-Vault-Token": TOKEN, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/{path}", json.dumps(value).encode(), headers)
        urllib.request.urlopen(request, timeout=30).close()

    def _wait(self) -> None:
        for _ in range(600):
            assert self._process.poll() is None, "bao server ended at once"
            try:
                urllib.request.urlopen(f"{self.url}/v1/sys/health", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError("bao server did not answer")


def open_transit(folder: Path) -> TransitDouble | OpenBao:
    """The real one where it is, so that the stand-in is held against it."""
    program = shutil.which("bao") or shutil.which("vault")
    return OpenBao(program, folder) if program else TransitDouble()


def _public(key: Any) -> Any:
    if key is None:
        return 1_700_000_000  # of a key for encryption: when the version was made
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"public_key": base64.b64encode(public.public_bytes_raw()).decode("ascii")}
    return {"public_key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}


def _sign(key: Any, data: bytes) -> bytes:
    """By the engine's defaults: SHA-256, RSASSA-PSS with the longest salt, ECDSA as DER."""
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
        return key.sign(data, pss, hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    signature: bytes = key.sign(data)
    return signature
