"""Running the commands of a task log in bash, as somebody would who has read it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STAND_IN = '''#!{python}
"""The three operations of `aws s3api` that the commands use, for a machine without the AWS command line."""
import argparse, json, sys
import boto3
parser = argparse.ArgumentParser()
parser.add_argument("operation", nargs=2)
for name in ("region", "endpoint-url", "bucket", "key", "version-id", "checksum-mode", "query", "output"):
    parser.add_argument(f"--{{name}}")
parser.add_argument("outfile", nargs="?")
args = parser.parse_intermixed_args()
client = boto3.client("s3", region_name=args.region, endpoint_url=args.endpoint_url)
where = {{"Bucket": args.bucket, "Key": args.key}}
if args.version_id:
    where["VersionId"] = args.version_id
if args.operation[1] == "get-object":
    with open(args.outfile, "wb") as file:
        for block in client.get_object(**where)["Body"].iter_chunks():
            file.write(block)
elif args.operation[1] == "head-object":
    said = client.head_object(**where, ChecksumMode=args.checksum_mode)
    print(said["ContentLength"], said["ChecksumSHA256"], sep="\\t")
else:
    said = client.get_object_retention(**where)["Retention"]
    print(said["Mode"], said["RetainUntilDate"].isoformat(), sep="\\t")
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How one command ended."""

    command: str
    status: int
    output: str


def run_commands(
    commands: Iterable[str], folder: Path, *, credentials_file: Path | None = None, prelude: str = ""
) -> list[Ran]:
    """Run commands one after the other in a new folder.

    Args:
        commands: Each once, however often it stands in a log.
        folder: To be made.
        credentials_file: Objects are fetched with it, by the real `aws` where there is one.
        prelude: Run before each command.
    """
    folder.mkdir()
    environment = {**os.environ, "AWS_PAGER": ""}
    if credentials_file is not None:
        environment["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials_file)
        if shutil.which("aws") is None:
            tools = folder.with_name(f"{folder.name}-tools")
            tools.mkdir()
            (tools / "aws").write_text(STAND_IN.format(python=sys.executable))
            (tools / "aws").chmod(0o755)
            environment["PATH"] = f"{tools}{os.pathsep}{environment['PATH']}"
    ran = []
    for command in dict.fromkeys(commands):
        done = subprocess.run(
            ["bash", "-c", f"{prelude}\n{command}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        ran.append(Ran(command=command, status=done.returncode, output=done.stdout + done.stderr))
    return ran
