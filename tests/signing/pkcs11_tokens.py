"""Tokens of SoftHSM: a PKCS#11 module in software."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")
MODULES_ELSEWHERE = (
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


class SoftToken:
    """One token, with keys `p256` (id 02) and `p384` (id 03), and spare ones of P-256 (04, 05).

    The module reads its configuration once in a process, and so does every other process that gets
    `environment`.
    """

    LABEL = "audit trail"
    PIN = "soft-pin-2468"

    def __init__(self, folder: Path) -> None:
        if shutil.which("softhsm2-util") is None or shutil.which("openssl") is None:
            pytest.skip("needs softhsm2-util and openssl: apt-get install softhsm2 openssl")
        self.module = next(path for path in MODULES if Path(path).exists())
        (folder / "tokens").mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self.environment = {"SOFTHSM2_CONF": str(configuration)}
        self._run("--init-token", "--free", "--label", self.LABEL, "--so-pin", "so-pin-1357")
        for key_id, curve in (("02", "P-256"), ("03", "P-384"), ("04", "P-256"), ("05", "P-256")):
            path = folder / f"{key_id}.pem"
            made = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
            subprocess.run([*made, "-out", str(path)], check=True, capture_output=True)
            self._run("--import", str(path), "--token", self.LABEL, "--label", "seal", "--id", key_id)
            path.unlink()

    def uri(self, key_id: str) -> str:
        return f"pkcs11:token=audit%20trail;id=%{key_id}"

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["softhsm2-util", *arguments, "--pin", self.PIN],
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
        )
