// A day's runs in Airflow, and starting another one: by Airflow's own API, under its own permissions.
import { C, Notice, React, Rows, To, h } from "./elements.js";
import { getDag, getRun, getRunsOfDay, sealDay, triggerRun } from "./requests.js";
import { time } from "./words.js";

const POLL_INTERVAL_MS = 3000;
const IDLE_INTERVAL_MS = 15_000;
const LOOK_INTERVAL_MS = 6000;
const OVER = new Set(["success", "failed"]);
const PALETTES = { success: "green", failed: "red", running: "cyan", queued: "gray" };
const LAST_TASK = "verify_sample";

const pathOf = (run) => `/dags/${run.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}`;

const COLUMNS = [
  { name: "Run", wrap: true, of: (run) => h(To, { to: pathOf(run) }, run.dag_run_id) },
  { name: "State", of: (run) => h(C.Badge, { colorPalette: PALETTES[run.state] ?? "gray" }, run.state) },
  { name: "Started", of: (run) => (run.start_date ? time(`${run.start_date.slice(0, 19)}Z`) : "–") },
  { name: "Log", of: (run) => (run.dag_id.endsWith("_daily") ? h(To, { to: `${pathOf(run)}/tasks/${LAST_TASK}` }, "verification") : "–") },
];

export function Runs({ day, access }) {
  const [state, setState] = React.useState({ runs: null });
  React.useEffect(() => {
    if (!access) return undefined;
    let over = false;
    let timer;
    const load = async () => {
      const found = await Promise.allSettled(Object.values(access.dags).map((dagId) => getRunsOfDay(dagId, day)));
      if (over) return;
      const runs = found.flatMap((item) => item.value ?? []);
      const failed = found.find((item) => item.status === "rejected" && item.reason.status !== 404);
      setState({ runs, says: failed?.reason.message });
      timer = setTimeout(load, runs.every((run) => OVER.has(run.state)) ? IDLE_INTERVAL_MS : POLL_INTERVAL_MS);
    };
    load();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [day, access]);
  if (state.runs === null) return h(C.Text, { fontSize: "sm", color: "fg.muted" }, "Asking Airflow …");
  return h(
    React.Fragment,
    null,
    h(Rows, { label: "Runs in Airflow", columns: COLUMNS, rows: state.runs.map((run) => ({ ...run, key: run.dag_run_id })), empty: "Airflow has no run about this day any more." }),
    state.says && h(C.Text, { fontSize: "sm", color: "fg.error" }, state.says),
  );
}

/** Whether a DAG can be triggered here: `undefined` while that is not known, else why not, or "". */
function useObstacle(dagId, allowed) {
  const [obstacle, setObstacle] = React.useState(undefined);
  React.useEffect(() => {
    if (!dagId) return;
    if (!allowed) {
      setObstacle(`You may not trigger ${dagId}.`);
      return;
    }
    getDag(dagId).then(
      (dag) => setObstacle(dag.is_paused ? `${dagId} is paused: unpause it first.` : ""),
      (error) => setObstacle(error.status === 404 ? `There is no DAG ${dagId} here.` : error.message),
    );
  }, [dagId, allowed]);
  return obstacle;
}

/** Follows a started run to its end, then lets the page read the archive again. */
function useStarted(refresh) {
  const [started, setStarted] = React.useState(null);
  React.useEffect(() => {
    if (!started?.run || OVER.has(started.run.state)) return undefined;
    const timer = setTimeout(async () => {
      try {
        const run = await getRun(started.run.dag_id, started.run.dag_run_id);
        setStarted({ run });
        if (OVER.has(run.state)) {
          refresh();
          // The server may have looked at the ledger a moment before.
          setTimeout(refresh, LOOK_INTERVAL_MS);
        }
      } catch (error) {
        setStarted({ ...started, says: error.message });
      }
    }, POLL_INTERVAL_MS);
    return () => clearTimeout(timer);
  }, [started, refresh]);
  return [started, setStarted];
}

export function Actions({ day, access, refresh, sealed, onPack }) {
  const [started, setStarted] = useStarted(refresh);
  const [level, setLevel] = React.useState("content");
  const mayNot = useObstacle(access?.dags.seal, access?.can.seal);
  const noSeal = day < new Date().toISOString().slice(0, 10) ? mayNot : "The day is not over in UTC.";
  const noVerify = useObstacle(access?.dags.verify, access?.can.verify);
  const start = async (trigger) => {
    setStarted({ says: "" });
    try {
      setStarted({ run: await trigger() });
    } catch (error) {
      setStarted({ says: error.message });
    }
  };
  const verify = () => triggerRun(access.dags.verify, { conf: { first: day, last: day, level } });
  const obstacles = [...new Set([noSeal, sealed && noVerify].filter(Boolean))];
  return h(
    C.Box,
    null,
    h(
      C.Flex,
      { gap: 2, wrap: "wrap", align: "center" },
      h(C.Button, {
        size: "sm", colorPalette: "brand", variant: sealed ? "outline" : "solid", disabled: noSeal !== "", title: noSeal || undefined,
        onClick: () => start(() => sealDay(access.dags.seal, day)),
      }, sealed ? "Seal late data" : "Seal this day"),
      sealed && h(C.Button, { size: "sm", colorPalette: "brand", disabled: noVerify !== "", title: noVerify || undefined, onClick: () => start(verify) }, "Verify now"),
      sealed && noVerify === "" && h(C.NativeSelect.Root, { size: "sm", width: "10rem" },
        h(C.NativeSelect.Field, { value: level, "aria-label": "Level of verification", onChange: (event) => setLevel(event.target.value) },
          ["ledger", "objects", "content"].map((name) => h("option", { key: name, value: name }, `level ${name}`))),
        h(C.NativeSelect.Indicator)),
      sealed && access?.can.export_digests && h(C.Button, { size: "sm", variant: "outline", onClick: onPack }, "Auditor’s pack"),
    ),
    obstacles.map((text) => h(C.Text, { key: text, fontSize: "xs", color: "fg.muted", mt: 1 }, text)),
    started?.run && h(C.Box, { mt: 3 }, h(
      Notice,
      { status: started.run.state === "failed" ? "error" : started.run.state === "success" ? "success" : "info", title: `Run ${started.run.state}` },
      h(To, { to: pathOf(started.run) }, started.run.dag_run_id))),
    started?.says && h(C.Text, { fontSize: "sm", color: "fg.error", mt: 2, role: "alert" }, started.says),
  );
}
