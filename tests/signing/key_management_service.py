"""A stand-in for AWS KMS on the wire: `GetPublicKey` and `Sign` as their pages describe them.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html. moto has a KMS, too, but
hashes what it is told is a digest already (`test_kms_keys.py` shows it). The keys are real ones.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.signing.loopback_server import JsonHandler, LoopbackServer

RSA_ALGORITHMS = ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_512"]
DIGESTS: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384}


class KeyManagementService(LoopbackServer):
    """Runs until it is closed; `requests` are what it was asked, and by which access key."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[Any, str, list[str]]] = {}
        self.aliases: dict[str, str] = {}
        self.refused: str | None = None
        service = self

        class Handler(JsonHandler):
            content_type = "application/x-amz-json-1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                action = self.headers["X-Amz-Target"].removeprefix("TrentService.")
                scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/kms/", self.headers["Authorization"])
                assert scope is not None
                service.requests.append(
                    {**asked, "Action": action, "access_key": scope[1], "region": scope[2]}
                )
                status, answer = service._answer(action, asked)
                self.reply(status, answer)

        super().__init__(Handler)

    def add(
        self, private: Any, *, spec: str, algorithms: list[str], alias: str | None = None, name: str = ""
    ) -> str:
        """Keep a key; its ARN."""
        arn = f"arn:aws:kms:eu-central-1:123456789012:key/{name or f'0000-{len(self.keys)}'}"
        self.keys[arn] = (private, spec, algorithms)
        if alias:
            self.aliases[alias] = arn
        return arn

    def add_rsa(self, alias: str | None = None) -> str:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self.add(private, spec="RSA_2048", algorithms=RSA_ALGORITHMS, alias=alias)

    def add_ec(self, alias: str | None = None) -> str:
        private = ec.generate_private_key(ec.SECP256R1())
        return self.add(private, spec="ECC_NIST_P256", algorithms=["ECDSA_SHA_256"], alias=alias)

    def asked(self, action: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["Action"] == action]

    def _answer(self, action: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.refused:
            return 400, {"__type": self.refused, "message": "no"}
        arn = self.aliases.get(asked["KeyId"], asked["KeyId"])
        if arn not in self.keys:
            return 400, {"__type": "NotFoundException", "message": "no such key"}
        private, spec, algorithms = self.keys[arn]
        if action == "GetPublicKey":
            der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            answer = {"PublicKey": _text(der), "KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}
            return 200, {**answer, "KeyId": arn, "SigningAlgorithms": algorithms}
        algorithm = asked["SigningAlgorithm"]
        if algorithm not in algorithms or asked.get("MessageType") != "DIGEST":
            return 400, {"__type": "InvalidKeyUsageException", "message": "not so"}
        hash_algorithm = DIGESTS[algorithm[-3:]]()
        digest = base64.b64decode(asked["Message"])
        if len(digest) != hash_algorithm.digest_size:
            return 400, {"__type": "ValidationException", "message": "Digest is invalid length"}
        hashed = utils.Prehashed(hash_algorithm)
        if isinstance(private, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(hash_algorithm), salt_length=hash_algorithm.digest_size)
            signature = private.sign(digest, pss, hashed)
        else:
            signature = private.sign(digest, ec.ECDSA(hashed))
        return 200, {"KeyId": arn, "Signature": _text(signature), "SigningAlgorithm": algorithm}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
