"""The embedded store, for real: one child process, its lock, its ports and its ends."""

from __future__ import annotations

import configparser
import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.store_ports import GRPC_OFFSET, PARTS, SOCKET_FOLDER
from audit_trail.errors import ConfigurationError, StorageError

PATIENCE_S = 30.0


def client_of(store: EmbeddedStore) -> Any:
    import boto3

    keys = credentials_of(store)
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys["aws_access_key_id"],
        aws_secret_access_key=keys["aws_secret_access_key"],
    )


def credentials_of(store: EmbeddedStore) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read(store.credentials_file)
    return dict(parser["default"])


def ports_of(folder: Path) -> dict[str, int]:
    return json.loads((folder / "ports.json").read_text())


def sockets_of(ports: dict[str, int]) -> list[str]:
    """Unix sockets that the store made outside its folder."""
    numbers = [str(port + GRPC_OFFSET) for port in ports.values()]
    names = [path.name for path in SOCKET_FOLDER.glob("seaweedfs-*.sock")]
    return [name for name in names if any(number in name for number in numbers)]


def folder_of(store: EmbeddedStore) -> Path:
    return store.credentials_file.parent


def status_of(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def trusting(folder: Path) -> ssl.SSLContext:
    """A TLS client that knows the store's authority and has no certificate of its own."""
    return ssl.create_default_context(cafile=str(folder / "config" / "authority.crt"))


def is_refused(port: int, context: ssl.SSLContext, request: bytes) -> bool:
    """Whether the port ends the connection for want of a client certificate."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        try:
            connection.sendall(request)
            connection.recv(1)
        except ssl.SSLError as error:
            return error.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    return False


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """Address (hexadecimal, as in /proc) and port of each TCP socket the process listens on."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # a connection that was closed meanwhile
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """A store that one test may stop, kill or break."""
    with EmbeddedStore(tmp_path / "store") as running:
        yield running


def test_a_locked_version_cannot_be_deleted_or_unlocked(store: EmbeddedStore) -> None:
    from botocore.exceptions import ClientError

    client = client_of(store)
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(days=30)
    locked = client.put_object(
        Bucket="locked",
        Key="a",
        Body=b"sealed",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )
    target = {"Bucket": "locked", "Key": "a", "VersionId": locked["VersionId"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**target)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**target, BypassGovernanceRetention=True)
    with pytest.raises(ClientError):
        client.put_object_retention(
            **target,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(days=29)},
        )
    assert client.get_object(**target)["Body"].read() == b"sealed"


def test_a_bucket_with_objects_cannot_be_deleted(store: EmbeddedStore) -> None:
    from botocore.exceptions import ClientError

    client = client_of(store)
    client.create_bucket(Bucket="kept")
    client.put_object(Bucket="kept", Key="a", Body=b"a")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        client.delete_bucket(Bucket="kept")


def test_a_request_without_the_key_is_refused(store: EmbeddedStore) -> None:
    port = ports_of(folder_of(store))["s3"]
    assert status_of(port, "GET", "/") == 403
    assert status_of(port, "PUT", "/stranger") == 403


def test_the_inner_ports_refuse_whoever_has_no_certificate(store: EmbeddedStore) -> None:
    """One plain request to the master's port would otherwise empty a bucket of locked objects."""
    client = client_of(store)
    client.create_bucket(Bucket="behind", ObjectLockEnabledForBucket=True)
    client.put_object(Bucket="behind", Key="a", Body=b"a" * 10_000)
    ports = ports_of(folder_of(store))
    attempts = {"master": "/col/delete?collection=behind", "filer": "/buckets/behind/a", "volume": "/status"}
    for part, path in attempts.items():
        assert status_of(ports[part], "GET", path) == 400, part  # plain HTTP to a TLS port
    for part in PARTS:
        stranger = trusting(folder_of(store))
        assert is_refused(ports[part] + GRPC_OFFSET, stranger, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), part
        if part != "s3":
            assert is_refused(ports[part], stranger, b"GET / HTTP/1.0\r\n\r\n"), part
    assert client.get_object(Bucket="behind", Key="a")["Body"].read() == b"a" * 10_000


def test_the_inner_http_ports_want_a_token_besides_the_certificate(store: EmbeddedStore) -> None:
    ports = ports_of(folder_of(store))
    config = folder_of(store) / "config"
    context = trusting(folder_of(store))
    context.load_cert_chain(config / "store.crt", config / "store.key")
    for part, path in {"filer": "/buckets/", "volume": "/1,01637037d6"}.items():
        connection = http.client.HTTPSConnection("127.0.0.1", ports[part], timeout=10, context=context)
        connection.request("GET", path)
        assert connection.getresponse().status == 401, part
        connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_the_loopback_interface_only_and_only_on_its_ports(store: EmbeddedStore) -> None:
    assert store.pid is not None
    found = listening_addresses(store.pid)
    assert {address for address, _ in found} == {"0100007F"}
    http_ports = set(ports_of(folder_of(store)).values())
    assert {port for _, port in found} == http_ports | {port + GRPC_OFFSET for port in http_ports}


def test_what_it_keeps_is_for_its_owner_only(store: EmbeddedStore) -> None:
    folder = folder_of(store)
    for path in (folder, folder / "config", folder / "data"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    names = ("credentials", "ports.json", "store.lock", "store.pid", "weed.log")
    for path in (*(folder / name for name in names), *(folder / "config").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_secret_is_in_the_log_the_arguments_or_the_environment(store: EmbeddedStore) -> None:
    folder = folder_of(store)
    secrets = {
        *credentials_of(store).values(),
        *(
            line.split('"')[1]
            for line in (folder / "config" / "security.toml").read_text().splitlines()
            if line.startswith("key = ") and ".key" not in line
        ),
    }
    assert len(secrets) == 6  # the key pair and four token keys
    shown = (folder / "weed.log").read_bytes()
    shown += Path(f"/proc/{store.pid}/cmdline").read_bytes() + Path(f"/proc/{store.pid}/environ").read_bytes()
    assert shown
    assert [secret for secret in secrets if secret.encode() in shown] == []


def test_the_environment_cannot_add_an_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from botocore.exceptions import ClientError

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFROMOUTSIDE00000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-outside")
    with EmbeddedStore(tmp_path) as started:
        stranger = boto3.client("s3", endpoint_url=started.endpoint_url, region_name="us-east-1")
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            stranger.list_buckets()


def test_a_restart_keeps_data_credentials_and_endpoint(own: EmbeddedStore) -> None:
    client = client_of(own)
    client.create_bucket(Bucket="kept", ObjectLockEnabledForBucket=True)
    client.put_object(Bucket="kept", Key="a", Body=b"before")
    before = (own.endpoint_url, credentials_of(own), ports_of(folder_of(own)), own.pid)
    own.stop()
    assert own.pid is None
    own.start()
    assert (own.endpoint_url, credentials_of(own), ports_of(folder_of(own))) == before[:3]
    assert own.pid != before[3]
    assert client_of(own).get_object(Bucket="kept", Key="a")["Body"].read() == b"before"
    assert client_of(own).get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"


def test_a_killed_store_starts_again_with_all_it_acknowledged(own: EmbeddedStore) -> None:
    client = client_of(own)
    client.create_bucket(Bucket="killed")
    for number in range(20):
        client.put_object(Bucket="killed", Key=str(number), Body=bytes([number]) * 5000)
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    assert wait_for(lambda: own.pid is None)
    own.start()
    for number in range(20):
        body = client_of(own).get_object(Bucket="killed", Key=str(number))["Body"].read()
        assert body == bytes([number]) * 5000


def test_ports_taken_meanwhile_are_replaced_and_the_data_stay(own: EmbeddedStore) -> None:
    client = client_of(own)
    client.create_bucket(Bucket="moved", ObjectLockEnabledForBucket=True)
    for number in range(20):
        client.put_object(Bucket="moved", Key=f"old/{number}", Body=bytes([number]) * 5000)
    endpoint, before = own.endpoint_url, ports_of(folder_of(own))
    own.stop()
    with (
        socket.create_server(("127.0.0.1", before["master"])),
        socket.create_server(("127.0.0.1", before["volume"] + GRPC_OFFSET)),
    ):
        own.start()
        after = ports_of(folder_of(own))
        assert {name for name in PARTS if before[name] != after[name]} == {"master", "volume"}
        assert own.endpoint_url == endpoint
        client = client_of(own)
        for number in range(20):
            client.put_object(Bucket="moved", Key=f"new/{number}", Body=bytes([200 + number]) * 5000)
        for number in range(20):
            for key, byte in ((f"old/{number}", number), (f"new/{number}", 200 + number)):
                assert client.get_object(Bucket="moved", Key=key)["Body"].read() == bytes([byte]) * 5000
        own.stop()


def test_a_taken_s3_port_is_an_error_that_names_it(own: EmbeddedStore) -> None:
    own.stop()
    port = ports_of(folder_of(own))["s3"]
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(StorageError, match=rf"127\.0\.0\.1:{port}"),
    ):
        own.start()
    assert own.pid is None


def test_a_second_start_attaches_and_its_stop_leaves_the_store_running(own: EmbeddedStore) -> None:
    with EmbeddedStore(folder_of(own)) as second:
        assert (second.pid, second.endpoint_url) == (own.pid, own.endpoint_url)
        assert own.owned
        assert not second.owned
    assert own.pid is not None
    assert is_alive(own.pid)
    client_of(own).list_buckets()


def test_a_second_start_in_another_process_attaches(own: EmbeddedStore) -> None:
    script = (
        "import sys; from pathlib import Path; from audit_trail.demo.embedded_store import EmbeddedStore\n"
        "with EmbeddedStore(Path(sys.argv[1])) as store: print(store.pid, store.owned)"
    )
    result = run_python(script, folder_of(own))
    assert result.stdout.split() == [str(own.pid), "False"]
    client_of(own).list_buckets()


def test_starts_at_the_same_time_end_in_one_store(tmp_path: Path) -> None:
    stores = [EmbeddedStore(tmp_path / "store") for _ in range(4)]
    threads = [threading.Thread(target=store.start) for store in stores]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({store.pid for store in stores}) == 1
        assert [store.owned for store in stores].count(True) == 1
    finally:
        for store in stores:
            store.stop()


@pytest.mark.parametrize("port", [-1, 0, 55536, 65536])
def test_an_impossible_port_is_a_configuration_error(tmp_path: Path, port: int) -> None:
    with pytest.raises(ConfigurationError, match="out of range"):
        EmbeddedStore(tmp_path, s3_port=port).start()


def test_the_port_asked_for_is_used_and_kept(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1] - 20_000  # below the ephemeral range, so most likely free
    with EmbeddedStore(tmp_path, s3_port=port) as asked:
        assert asked.endpoint_url == f"http://127.0.0.1:{port}"
    with EmbeddedStore(tmp_path) as again:
        assert again.endpoint_url == f"http://127.0.0.1:{port}"


def test_a_start_that_wants_another_port_than_the_running_store_is_refused(own: EmbeddedStore) -> None:
    other = EmbeddedStore(folder_of(own), s3_port=ports_of(folder_of(own))["s3"] + 1)
    with pytest.raises(StorageError, match="already runs on another S3 port"):
        other.start()
    with pytest.raises(StorageError, match="not started"):
        _ = other.endpoint_url


def test_stop_leaves_no_process_and_no_socket_behind(own: EmbeddedStore) -> None:
    pid = own.pid
    ports = ports_of(folder_of(own))
    own.stop()
    assert pid is not None
    assert not is_alive(pid)
    assert not (folder_of(own) / "store.pid").exists()
    assert sockets_of(ports) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal")
def test_killing_the_parent_ends_the_store(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from audit_trail.demo.embedded_store import EmbeddedStore\n"
        "store = EmbeddedStore(Path(sys.argv[1])); store.start()\n"
        "print(store.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "store")], stdout=subprocess.PIPE, env=environment()
    ) as parent:
        try:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert is_alive(pid)
        finally:
            parent.kill()
    assert wait_for(lambda: not is_alive(pid))
    with EmbeddedStore(tmp_path / "store") as again:
        assert again.owned


def test_a_store_that_cannot_start_says_why_from_its_log(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "filerldb2").write_text("in the way")
    with pytest.raises(StorageError, match="does not start") as caught:
        EmbeddedStore(tmp_path).start()
    assert "filerldb2" in caught.value.found
    assert sockets_of(ports_of(tmp_path)) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"s3": 20000}', "not json"])
def test_damaged_ports_are_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    with pytest.raises(StorageError, match=r"ports\.json"):
        EmbeddedStore(tmp_path).start()


def test_damaged_credentials_are_refused_without_showing_them(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("aws_secret_access_key = do-not-show\n")
    with pytest.raises(StorageError, match="credentials") as caught:
        EmbeddedStore(tmp_path).start()
    assert "do-not-show" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StorageError, match="cannot use its folder"):
        EmbeddedStore(tmp_path / "store").start()


def test_the_endpoint_of_a_store_that_was_not_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="not started"):
        _ = EmbeddedStore(tmp_path).endpoint_url


def environment() -> dict[str, str]:
    plugins = Path(__file__).parents[2] / "plugins"
    return {**os.environ, "PYTHONPATH": str(plugins)}


def run_python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
