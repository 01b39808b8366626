// Everything the page asks for: its own routes, and Airflow's REST API, both with the login cookie.
const BASE = new URL(document.baseURI);

export class RequestError extends Error {
  constructor(status, body) {
    const detail = typeof body?.detail === "string" ? body.detail : body?.detail?.message;
    super(body?.problem?.what ?? detail ?? `The server answered ${status}`);
    this.status = status;
    this.problem = body?.problem ?? { what: this.message };
    this.findings = body?.findings ?? [];
  }
}

async function ask(path, options = {}) {
  const answer = await fetch(new URL(path, BASE), {
    credentials: "same-origin",
    headers: { Accept: "application/json", ...options.headers },
    ...options,
  });
  if (answer.status === 401) {
    const next = `${location.pathname}${location.search}`;
    location.replace(new URL(`api/v2/auth/login?next=${encodeURIComponent(next)}`, BASE));
  }
  return answer;
}

async function readJson(answer) {
  let body;
  try {
    body = await answer.json();
  } catch {
    body = undefined;
  }
  if (answer.status === 403 && !body?.problem) {
    throw new RequestError(403, { problem: {
      what: "Airflow does not allow this to you",
      remedy: "an administrator can give your role the permission; docs/PAGE.md has the table",
    } });
  }
  if (!answer.ok) throw new RequestError(answer.status, body);
  return body;
}

export const getAccess = async () => readJson(await ask("audit-trail/api/access"));
export const getOverview = async () => readJson(await ask("audit-trail/api/overview"));
export const getDay = async (day) => readJson(await ask(`audit-trail/api/days/${day}`));
export const getVerifications = async (before) =>
  readJson(await ask(`audit-trail/api/verifications?before=${before}`));

/** The compliance report of some days, or of all where they are empty: `{report, html}`. */
export async function getReport({ first, last, signal }) {
  const query = new URLSearchParams(Object.entries({ first, last }).filter(([, day]) => day));
  return readJson(await ask(`audit-trail/api/report?${query}`, { signal }));
}

/** The auditor's pack as a blob; `onBytes` is called with the bytes received so far, and all of them. */
export async function getPack({ first, last, digestsOnly, allowFindings, signal, onBytes }) {
  const kind = digestsOnly ? "digests" : "records";
  const query = new URLSearchParams({ first, last, allow_findings: String(allowFindings) });
  const answer = await ask(`audit-trail/api/pack/${kind}?${query}`, { signal, headers: { Accept: "application/zip" } });
  if (!answer.ok) return readJson(answer);
  const total = Number(answer.headers.get("Content-Length"));
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  const parts = [];
  let received = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    onBytes(received, total);
  }
  return { name: named?.[1] ?? "audit-trail.zip", blob: new Blob(parts, { type: "application/zip" }) };
}

// Airflow's own API: what a user may do there is decided there.

export const getDag = async (dagId) => readJson(await ask(`api/v2/dags/${dagId}`));
export const getRun = async (dagId, runId) =>
  readJson(await ask(`api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`));


/** A try of a task, with the version of the DAG that it ran. */
export const getTry = async ({ dagId, runId, taskId, tryNumber }) =>
  readJson(
    await ask(
      `api/v2/dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${encodeURIComponent(taskId)}/tries/${tryNumber}`,
    ),
  );

/** The runs about a day: those whose logical date it is, and those that name it in their parameters. */
export async function getRunsOfDay(dagId, day) {
  const ofDate = new URLSearchParams({
    logical_date_gte: `${day}T00:00:00Z`,
    logical_date_lt: `${nextDay(day)}T00:00:00Z`,
    order_by: "-run_after",
    limit: "20",
  });
  const named = new URLSearchParams({ conf_contains: day, order_by: "-run_after", limit: "50" });
  const [dated, byName] = await Promise.all(
    [ofDate, named].map(async (query) => readJson(await ask(`api/v2/dags/${dagId}/dagRuns?${query}`))),
  );
  const runs = new Map(dated.dag_runs.map((run) => [run.dag_run_id, run]));
  for (const run of byName.dag_runs) {
    const conf = run.conf ?? {};
    if (conf.day === day || (conf.first <= day && day <= conf.last)) runs.set(run.dag_run_id, run);
  }
  return [...runs.values()].sort((one, other) => (one.run_after < other.run_after ? 1 : -1));
}

export const triggerRun = async (dagId, { logicalDate, conf }) =>
  readJson(
    await ask(`api/v2/dags/${dagId}/dagRuns`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ logical_date: logicalDate ?? null, conf }),
    }),
  );

/** Seals a day: as its own run where there is none yet, else as a run that names it. */
export async function sealDay(dagId, day) {
  try {
    return await triggerRun(dagId, { logicalDate: `${day}T00:00:00Z`, conf: {} });
  } catch (error) {
    if (error.status !== 409) throw error;
    return triggerRun(dagId, { conf: { day } });
  }
}

export function nextDay(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
