// Which run of Airflow made a ledger entry: as the entry says it, and whether Airflow still says the same.
import { C, React, To, h } from "./elements.js";
import { getTry } from "./requests.js";

// Entries spell names percent-encoded, in UTF-8.
const nameOf = (spelled) => decodeURIComponent(spelled);
const pathOf = (run) =>
  `/dags/${encodeURIComponent(nameOf(run.dag_id))}/runs/${encodeURIComponent(nameOf(run.run_id))}/tasks/${encodeURIComponent(nameOf(run.task_id))}`;

/** What Airflow says of the try: undefined while asking, null where it knows it no more. */
function useTry(run) {
  const [found, setFound] = React.useState(undefined);
  React.useEffect(() => {
    let over = false;
    const set = (value) => over || setFound(value);
    getTry({ dagId: nameOf(run.dag_id), runId: nameOf(run.run_id), taskId: nameOf(run.task_id), tryNumber: run.try_number })
      .then(set, () => set(null));
    return () => {
      over = true;
    };
  }, [run.dag_id, run.run_id, run.task_id, run.try_number]);
  return found;
}

function Version({ run }) {
  const found = useTry(run);
  const muted = (text) => h(C.Text, { fontSize: "xs", color: "fg.muted" }, text);
  const source = run.bundle ? `bundle ${nameOf(run.bundle)}${run.bundle_version ? ` at ${nameOf(run.bundle_version)}` : ", which has no versions"}` : "";
  const said = found?.dag_version;
  let compared = "Airflow is asked …";
  if (found === null) compared = "Airflow does not show this try any more";
  else if (found && !said) compared = "Airflow does not say which version it was";
  else if (said && said.id === run.dag_version_id) compared = `version ${said.version_number} in Airflow, which says the same`;
  const differs = Boolean(said && run.dag_version_id && said.id !== run.dag_version_id);
  return h(
    React.Fragment,
    null,
    run.dag_version_id && h(C.Box, null, "DAG version ", h(C.Code, { fontSize: "xs" }, run.dag_version_id)),
    differs ? h(C.Badge, { colorPalette: "red" }, `Airflow says another one: ${said.id}`) : run.dag_version_id && muted(compared),
    source && muted(source),
  );
}

export function MadeBy({ run }) {
  if (!run) return "not by a task of Airflow";
  return h(
    C.Box,
    null,
    h(To, { to: pathOf(run) }, `${nameOf(run.dag_id)}, run ${nameOf(run.run_id)}, ${nameOf(run.task_id)}, try ${run.try_number}`),
    h(Version, { run }),
  );
}
