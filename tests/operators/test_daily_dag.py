"""The DAG `audit_trail_daily`, read and run by Airflow itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.operators.notice_servers import connections, notice_servers

from audit_trail.demo.airflow_process import airflow_environment
from audit_trail.demo.demo_home import prepare_archive, running_home
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings

ROOT = Path(__file__).parents[2]
TASKS = ["collect", "sanitize", "hash", "sign", "upload", "seal", "verify_sample"]
READ_DAG = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dag = bag.dags["audit_trail_daily"]
every = [task for each in bag.dags.values() for task in each.tasks]
print(json.dumps({
    "dags": sorted(bag.dags),
    "undocumented": [task.task_id for task in every if not task.doc_md or not task.execution_timeout],
    "pools": sorted({task.pool for task in every}),
    "errors": {str(name): str(error) for name, error in bag.import_errors.items()},
    "tasks": [task.task_id for task in dag.topological_sort()],
    "mapped": [task.task_id for task in dag.tasks if task.is_mapped],
    "templates": {task.task_id: list(task.template_fields) for task in dag.tasks if not task.is_mapped},
}))
"""
RUN_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from pendulum import parse
dag = DagBag().dags["audit_trail_daily"]
run = dag.test(logical_date=parse(sys.argv[1]))
print("RESULT " + json.dumps({
    "state": str(run.state), "start": str(run.data_interval_start), "end": str(run.data_interval_end),
    "tasks": {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()},
    "labels": sorted(str(ti.rendered_map_index) for ti in run.get_task_instances() if ti.map_index >= 0),
    "tries": {ti.task_id: {
        "dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id, "try_number": ti.try_number,
        "dag_version_id": str(ti.dag_version_id),
    } for ti in run.get_task_instances() if ti.map_index < 0},
}))
"""
RUN_ALL = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from pendulum import parse
states = []
for dag_id, day, conf in json.loads(sys.argv[1]):
    print(f"RUN {dag_id} {day} {conf}", flush=True)
    # Read anew: `test` leaves its conf in the DAG's Params.
    run = DagBag().dags[dag_id].test(logical_date=parse(day), run_conf=conf)
    tasks = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()}
    states.append({"state": str(run.state), "tasks": tasks})
with create_session() as session:
    events = [event.extra for event in session.query(AssetEvent).order_by(AssetEvent.id)]
print("RESULT " + json.dumps({"runs": states, "events": events}))
"""


class AirflowHome:
    """A demo home with Airflow's database, and Python run in it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = airflow_environment(settings)

    def python(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def variable(self, genesis: str, value: str | None = None) -> str:
        """Read the Variable that remembers the head, or set it, as an operator would."""
        name = f"audit_trail_head_{genesis[:32]}"
        arguments = ["get", name] if value is None else ["set", name, value]
        code = "import sys; from airflow.__main__ import main; sys.argv[1:1] = ['variables']; main()"
        done = self.python(code, *arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-1]

    def run(self, day: str) -> dict[str, object]:
        done = self.python(RUN_DAG, f"{day}T00:00:00+00:00")
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert lines, done.stdout[-3000:] + done.stderr[-3000:]
        self.output = done.stdout + done.stderr
        return dict(json.loads(lines[-1].removeprefix("RESULT ")))

    def run_all(self, runs: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
        """Several runs one after the other, and all asset events there are then."""
        done = self.python(
            RUN_ALL, json.dumps([(name, f"{at}T00:00:00+00:00", conf) for name, at, conf in runs])
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert lines, done.stdout[-3000:] + done.stderr[-3000:]
        self.output = done.stdout + done.stderr
        return dict(json.loads(lines[-1].removeprefix("RESULT ")))


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHome]:
    with running_home(tmp_path_factory.mktemp("demo") / "home") as settings:
        prepare_archive(settings)
        home = AirflowHome(settings)
        migrated = home.python(
            "import sys; from airflow.__main__ import main; sys.argv[1:] = ['db', 'migrate']; main()"
        )
        assert migrated.returncode == 0, migrated.stderr[-3000:]
        yield home


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


def test_the_dag_imports_and_has_the_documented_tasks_in_order(airflow: AirflowHome) -> None:
    done = airflow.python(READ_DAG)
    assert done.returncode == 0, done.stderr[-3000:]
    dag = json.loads(done.stdout.splitlines()[-1])
    assert dag["errors"] == {}
    assert dag["tasks"] == TASKS
    assert sorted(dag["mapped"]) == ["hash", "sanitize", "upload"]
    assert dag["templates"]["sign"] == ["collected", "hashed"]
    assert dag["dags"] == ["audit_trail_daily", "audit_trail_verify"]
    assert (dag["undocumented"], dag["pools"]) == ([], ["default_pool"])


def test_a_day_is_sealed_through_the_dag_and_again_nothing_new(airflow: AirflowHome) -> None:
    from audit_trail.demo.demo_home import prepare_logs

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    prepare_logs(airflow.settings, yesterday, 200)
    first = airflow.run(day(1))
    assert first["state"] == "success"
    assert first["start"] == f"{day(1)} 00:00:00+00:00"
    assert first["end"] == f"{day(0)} 00:00:00+00:00"
    labels = first["labels"]
    assert isinstance(labels, list)
    assert "api 00002" in labels
    assert any(str(label).endswith(".dsse.json") for label in labels)
    second = airflow.run(day(1))
    assert second["state"] == "success"
    tasks = second["tasks"]
    assert isinstance(tasks, dict)
    assert {name: tasks[name] for name in ("sanitize[-1]", "upload[-1]", "seal[-1]")} == {
        "sanitize[-1]": "skipped",
        "upload[-1]": "skipped",
        "seal[-1]": "success",
    }
    view = StageContext(settings=airflow.settings).ledger()
    assert [seal.date for seal in view.seals] == [day(1)]
    # The entries name the tries that made them, as Airflow's database has them; `dag.test` has no bundle.
    tries: Any = first["tries"]
    made = [view.seals[0].run, view.verifications[0].run]
    assert [run and run.to_json() for run in made] == [tries["seal"], tries["verify_sample"]]
    assert f"FACT made-by key=ledger/{view.seals[0].sequence:012d}.dsse.json" in airflow.output
    # A task log is evidence: an honest run has no error in it.
    assert "[error" not in airflow.output


def test_the_head_is_remembered_in_an_airflow_variable(airflow: AirflowHome) -> None:
    airflow.environment["AUDIT_TRAIL_PIN"] = "airflow-variable"
    try:
        assert airflow.run(day(8))["state"] == "success"
        view = StageContext(settings=airflow.settings).ledger()
        remembered = json.loads(airflow.variable(view.genesis_sha256))
        assert remembered == {"sequence": view.head.sequence, "sha256": view.head.sha256}
        beyond = json.dumps({"sequence": view.head.sequence + 50, "sha256": "0" * 64})
        airflow.variable(view.genesis_sha256, beyond)
        assert airflow.run(day(7))["state"] == "failed"
        assert "the ledger is shorter than it was" in airflow.output
    finally:
        del airflow.environment["AUDIT_TRAIL_PIN"]


def test_a_day_without_logs_is_sealed_empty_through_the_dag(airflow: AirflowHome) -> None:
    assert airflow.run(day(9))["state"] == "success"
    view = StageContext(settings=airflow.settings).ledger()
    assert [len(seal.objects) for seal in view.seals_of(day(9))] == [0]


def test_a_broken_promise_fails_the_task_at_once(airflow: AirflowHome) -> None:
    source = airflow.settings.home / "machine" / day(5)
    source.mkdir(parents=True)
    (source / "app.log").write_bytes(b"one\n")
    assert airflow.run(day(5))["state"] == "success"
    (source / "app.log").write_bytes(b"ONE\n")
    assert airflow.run(day(5))["state"] == "failed"
    assert "sealed bytes of a file have changed" in airflow.output
    assert "UP_FOR_RETRY" not in airflow.output


def test_what_a_run_is_asked_for_and_who_is_told(airflow: AirflowHome) -> None:
    """A dry run, a choice of sources, the verification of all, a failure: in one process, for its cost."""
    source = airflow.settings.home / "machine" / day(3)
    source.mkdir(parents=True)
    (source / "app.log").write_bytes(b"one\n")
    with notice_servers() as (mail, webhook):
        airflow.environment |= connections(mail, webhook)
        before = StageContext(settings=airflow.settings).ledger()
        found = airflow.run_all(
            [
                ("audit_trail_daily", day(3), {"dry_run": True}),
                ("audit_trail_daily", day(3), {"sources": ["machine"]}),
                ("audit_trail_daily", day(3), {"sources": ["nobody"]}),
                ("audit_trail_daily", day(3), {"sample_size": 1}),
                ("audit_trail_verify", day(3), {"level": "content", "first": day(3), "last": day(3)}),
                ("audit_trail_verify", day(3), {"level": "content", "sample": 1, "first": day(3)}),
            ]
        )
    rehearsal, chosen, unknown, real, verification, impossible = found["runs"]
    assert rehearsal["state"] == real["state"] == verification["state"] == "success"
    assert chosen["state"] == unknown["state"] == impossible["state"] == "failed"
    assert rehearsal["tasks"]["seal[-1]"] == "skipped"
    assert (rehearsal["tasks"]["upload[-1]"], rehearsal["tasks"]["verify_sample[-1]"]) == (
        "skipped",
        "skipped",
    )
    assert f"DRY RUN: would seal {day(3)} revision 1" in airflow.output
    assert "a seal of some would pass for the whole day" in airflow.output
    slices = ["plan[-1]", "seal_result[-1]", "verify_slice[0]", "verify_slice[1]"]
    assert sorted(verification["tasks"]) == slices
    # Two runs failed before they wrote anything; the rehearsal left neither entry, object nor file.
    view = StageContext(settings=airflow.settings).ledger()
    assert len(view.heads) == len(before.heads) + 3
    (seal,) = view.seals_of(day(3))
    assert (view.verifications[-1].date, view.verifications[-1].failed) == (day(3), 0)
    assert list(airflow.settings.staging.rglob("*.dry-run*")) == []
    event = found["events"][-1]
    assert (event["day"], event["sequence"], event["records"]) == (day(3), seal.sequence, 1)
    assert event["entry_sha256"] == view.heads[seal.sequence]
    # One notice for each run that failed, on both ways, with the run's id and nothing of what was found.
    assert len(mail.messages) == len(webhook.bodies) == 3
    assert all("failed" in body["text"] and "run manual__" in body["text"] for body in webhook.bodies)
    assert all("To: one@example.com" in message for message in mail.messages)


def test_a_run_waits_for_cold_segments_and_ends_sealed_and_verified(
    airflow: AirflowHome, aws_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cold_archive import ColdArchive, finish_restores_after, front_of

    from audit_trail.pipeline.ledger_appends import declare_gap

    with front_of(aws_server) as front:
        cold = ColdArchive(
            tmp_path / "cold",
            front.url,
            verification={"restore": "Bulk"},
            restore={"poll_interval_s": 1},
        )
        finish_restores_after(aws_server, 1)
        (cold.logs / f"{day(4)}.log").write_bytes(b"one\ntwo\n")
        # While the task waits, another entry becomes the ledger's newest.
        front.before_answer = lambda: declare_gap(cold.context, day(30), "holiday")
        monkeypatch.setitem(airflow.environment, "AUDIT_TRAIL_HOME", str(cold.settings.home))
        monkeypatch.setitem(airflow.environment, "AUDIT_TRAIL_CONFIG", str(cold.config))
        assert airflow.run(day(4))["state"] == "success", airflow.output[-3000:]
        view = cold.context.ledger()
        (seal,) = view.seals_of(day(4))
        assert [query["versionId"] for query in front.restores] == [[seal.objects[0].version_id]]
    assert [view.gaps[day(30)].sequence, seal.sequence] == [2, 1]
    (verification,) = view.verifications
    assert (verification.failed, verification.unverifiable) == (0, 0)
    sample = verification.sample
    assert (sample.seed_sequence, sample.size, sample.by_checksum) == (seal.sequence, 1, None)
    estimate = airflow.output.index("restore: 1 objects of DEEP_ARCHIVE")
    assert estimate < airflow.output.index("everything that was waited for has been restored")
    assert "[error" not in airflow.output


def test_no_secret_reaches_the_logs_of_airflow(airflow: AirflowHome) -> None:
    credentials = airflow.settings.archive.credentials_file
    assert credentials is not None
    secret = next(
        line.split("=")[1].strip() for line in credentials.read_text().splitlines() if "secret" in line
    )
    passphrase = (airflow.settings.keys / "passphrase").read_text().strip()
    assert len(secret) > 10
    for path in (airflow.settings.home / "airflow").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert secret.encode() not in data, path
            assert passphrase.encode() not in data, path


def test_the_dag_files_are_fast_to_import() -> None:
    """Heavy libraries load when a task runs, not when the DAG file is parsed."""
    code = (
        "import sys, airflow.sdk; sys.path.insert(0, 'dags'); import audit_trail_daily, audit_trail_verify\n"
        "heavy = {'boto3', 'botocore', 'cryptography', 'numpy', 'numba', 'zstandard', 're2', 'requests',"
        " 'securesystemslib', 'pydantic_settings', 'audit_trail.settings'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    before = "import sys, airflow.sdk\nimport airflow.timetables.interval\n" + code.partition("\n")[2]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}

    def loaded(program: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]

    assert loaded(code) == loaded(before)
