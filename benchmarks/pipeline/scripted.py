"""The other contestant: sed, zstd, sha256sum, openssl and the AWS command line, in a shell script."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import ConfigurationError, IntegrityError
from benchmarks.pipeline.inputs import Inputs
from benchmarks.pipeline.measured_process import Measured, run_measured
from benchmarks.redaction.contestants import SED_PROGRAM

SCRIPT = Path(__file__).with_name("scripted.sh")
TOOLS = ("bash", "sed", "zstd", "sha256sum", "openssl")
LOCALE = "C.UTF-8"
_VERIFIED = "Verified OK"


def check_tools() -> None:
    """Make sure that the tools are there.

    Raises:
        ConfigurationError: Naming those that are not.
    """
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise ConfigurationError(
            "the script's tools are missing",
            where="PATH",
            expected=", ".join(missing),
            remedy="install them, or call with --no-script",
        )


def run_scripted(folder: Path, store: EmbeddedStore, inputs: Inputs, *, aws: Path) -> Measured:
    """Run the script over a day, into a bucket of its own in the same store.

    Args:
        folder: A new folder in it holds what the script writes.
        store: Runs.
        inputs: The day.
        aws: The AWS command line.

    Raises:
        subprocess.CalledProcessError: One of the tools failed.
        IntegrityError: Not every file was verified.
    """
    work = folder / f"script-{uuid.uuid4().hex[:8]}"
    work.mkdir()
    program, key, public_key = work / "redact.sed", work / "key.pem", work / "public.pem"
    program.write_text("\n".join(SED_PROGRAM) + "\n")
    rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    _quietly("openssl", "genpkey", *rsa, "-out", str(key))
    _quietly("openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public_key))
    bucket = f"s3://bench-{uuid.uuid4().hex[:20]}"
    environment = {
        "PATH": f"{aws.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(work),
        "LC_ALL": LOCALE,
        "SED_PROGRAM": str(program),
        "AWS_ENDPOINT_URL": store.endpoint_url,
        "AWS_SHARED_CREDENTIALS_FILE": str(store.credentials_file),
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    subprocess.run([str(aws), "s3", "mb", bucket], env=environment, check=True, capture_output=True)
    files = [str(file) for file in inputs.files]
    arguments = [str(work / "data"), str(key), str(public_key), bucket, *files]
    measured = run_measured(["bash", str(SCRIPT), *arguments], environment=environment, folder=work)
    if measured.out.count(_VERIFIED) != len(files):
        raise IntegrityError("the script did not verify every file", where=str(work))
    shutil.rmtree(work)
    return measured


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
