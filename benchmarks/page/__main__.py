"""python -m benchmarks.page: see `--help`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from audit_trail.archive.bucket import found_bucket
from audit_trail.demo.airflow_process import airflow_environment, airflow_group, run_airflow
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.loopback_ports import SERVER_PORTS, random_port
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from benchmarks.page.eventful_years import EventfulYears

PATIENCE_S = 600
ROUTES = ("/api/overview", "/api/access", "/api/verifications?before=5000")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or serve; 0 when everything answered."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="page-") as folder, EmbeddedStore(Path(folder, "store")) as store:
        settings = _archive(Path(folder, "home"), store, options.days)
        port = options.port or random_port(SERVER_PORTS)
        base = f"http://127.0.0.1:{port}"
        environment = airflow_environment(
            settings,
            AIRFLOW__API__HOST="127.0.0.1",
            AIRFLOW__API__PORT=str(port),
            AIRFLOW__API__BASE_URL=base,
        )
        log_path = settings.home / "airflow.log"
        if run_airflow(["db", "migrate"], environment=environment, log_path=log_path):
            print(log_path.read_text()[-2000:], file=sys.stderr)
            return 1
        with airflow_group(["api-server"], environment=environment, log_path=log_path) as process:
            token = _wait(lambda: _login(base, Path(environment["AIRFLOW_HOME"])))
            if options.serve:
                print(json.dumps({"url": base, **_password(Path(environment["AIRFLOW_HOME"]))}), flush=True)
                stop = threading.Event()
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, lambda *_: stop.set())
                stop.wait()
                return 0
            _show(_measured(base, token, process.pid, options.requests), options.json)
    return 0


def _archive(home: Path, store: EmbeddedStore, days: int) -> Settings:
    home.mkdir()
    os.environ.update(
        {
            "AUDIT_TRAIL_HOME": str(home),
            "AUDIT_TRAIL_ARCHIVE__NAME": "years",
            "AUDIT_TRAIL_ARCHIVE__BUCKET": "years",
            "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": store.endpoint_url,
            "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(store.credentials_file),
            "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": "3650",
        }
    )
    settings = load_settings()
    make_passphrase(settings)
    generate_keys(settings)
    found_bucket(settings.archive)
    EventfulYears(context=StageContext(settings=settings), records=60, progress=_progress).write(days)
    _progress("")
    return settings


def _measured(base: str, token: str, pid: int, requests: int) -> dict[str, Any]:
    begun = time.perf_counter()
    overview = _wait(lambda: _answer(base, token, "/api/overview"))
    first_s = time.perf_counter() - begun
    last = json.loads(overview)["archive"]["days"]["first"]
    routes = (*ROUTES, f"/api/days/{last}")
    timed = {route: _times(base, token, route, requests) for route in routes}
    report_s, timed["/api/overview during a report"] = _times_during_report(base, token)
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        "entries": json.loads(overview)["archive"]["head"]["entries"],
        "first_answer_s": round(first_s, 1),
        "report_s": round(report_s, 1),
        "overview_bytes": len(overview),
        "largest_process_mb": round(max(item.memory_info().rss for item in processes) / 1e6),
        "milliseconds": {
            route: {
                "median": round(statistics.median(times) * 1000, 1),
                "p95": round(sorted(times)[int(0.95 * len(times))] * 1000, 1),
                "longest": round(max(times) * 1000, 1),
            }
            for route, times in timed.items()
        },
    }


def _times(base: str, token: str, route: str, requests: int) -> list[float]:
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        if _answer(base, token, route) is None:
            raise RuntimeError(f"{route} did not answer 200")
        times.append(time.perf_counter() - begun)
        time.sleep(0.05)
    return times


def _times_during_report(base: str, token: str) -> tuple[float, list[float]]:
    """How long the report of all days takes, and the page meanwhile."""
    begun = time.perf_counter()
    report = threading.Thread(target=_answer, args=(base, token, "/api/report"), daemon=True)
    report.start()
    times: list[float] = []
    while report.is_alive():
        times += _times(base, token, "/api/overview", 1)
    return time.perf_counter() - begun, times


def _answer(base: str, token: str, route: str) -> bytes | None:
    request = urllib.request.Request(
        f"{base}/audit-trail{route}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        body: bytes = answer.read()
        return body if answer.status == 200 else None


def _login(base: str, airflow_home: Path) -> str | None:
    try:
        user = _password(airflow_home)
        body = json.dumps({"username": user["user"], "password": user["password"]}).encode()
        request = urllib.request.Request(f"{base}/auth/token", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["access_token"])
    except (OSError, ValueError, StopIteration):
        return None


def _password(airflow_home: Path) -> dict[str, str]:
    text = (airflow_home / "simple_auth_manager_passwords.json.generated").read_text()
    user, password = next(iter(json.loads(text).items()))
    return {"user": user, "password": password}


def _wait(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError("waited too long for the API server")
        time.sleep(0.2)
    return found


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _show(results: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(results, indent=1))
        return
    print(f"{results['entries']} entries, first answer after {results['first_answer_s']} s of reading them")
    print(f"compliance report of all days after {results['report_s']} s")
    print(f"overview {results['overview_bytes']} bytes, API server {results['largest_process_mb']} MB")
    for route, times in results["milliseconds"].items():
        figures = ", ".join(f"{name} {value} ms" for name, value in times.items())
        print(f"{route:32} {figures}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page",
        description="How long Airflow's API server takes to answer the page over years of history.",
    )
    parser.add_argument("--days", type=int, default=3650, help="of the archive (3650)")
    parser.add_argument("--requests", type=int, default=200, help="of each route (200)")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--serve", action="store_true", help="measure nothing: serve it until Ctrl-C")
    parser.add_argument("--port", type=int, help="of the API server (default: a free one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
