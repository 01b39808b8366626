// The page: loads the archive's overview, keeps it fresh, and lays out its parts.
import { Calendar } from "./calendar.js";
import { Compliance } from "./compliance.js";
import { DayDrawer } from "./day.js";
import { C, Notice, Problem, React, Router, h } from "./elements.js";
import { Findings } from "./findings.js";
import { Keys } from "./keys.js";
import { Ledger } from "./ledger.js";
import { PackDialog } from "./pack.js";
import { getAccess, getOverview } from "./requests.js";
import { Summary } from "./summary.js";
import { Throughput } from "./throughput.js";
import { Verifications } from "./verifications.js";
import { listDays, plural, time } from "./words.js";

const READING_INTERVAL_MS = 1000;
const FRESH_INTERVAL_MS = 30_000;

// Airflow's UI may take the component out and put it in again: what was read last is shown at once.
const kept = { overview: {}, access: null };

/** What is shown after `before`: what was read stays while the server is away or reads again. */
function following(before, next) {
  if (!before.archive) return next.offline ? { problem: next.offline } : next;
  if (next.offline) return { ...before, status: { ...before.status, problem: next.offline } };
  if (next.reading) return before;
  // The same object for the same archive: nothing is drawn again that has not changed.
  const same = next.archive && JSON.stringify(next.archive) === JSON.stringify(before.archive);
  return same ? { ...next, archive: before.archive } : next;
}

/** The overview as it comes: `{archive, status}`, `{reading}` or `{problem}`. */
function useOverview() {
  const [state, setState] = React.useState(kept.overview);
  const [turn, setTurn] = React.useState(0);
  React.useEffect(() => {
    let over = false;
    let timer;
    const load = async () => {
      let next;
      try {
        next = await getOverview();
      } catch (error) {
        next = error.status
          ? { problem: error.problem }
          : { offline: { what: "the API server cannot be reached", found: error.message } };
      }
      if (over) return;
      kept.overview = following(kept.overview, next);
      setState(kept.overview);
      timer = setTimeout(load, next.reading || next.status?.looking ? READING_INTERVAL_MS : FRESH_INTERVAL_MS);
    };
    load();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [turn]);
  return [state, React.useCallback(() => setTurn((number) => number + 1), [])];
}

function useAccess() {
  const [access, setAccess] = React.useState(kept.access);
  React.useEffect(() => {
    getAccess().then((found) => {
      kept.access = found;
      setAccess(found);
    }, () => setAccess(null));
  }, []);
  return access;
}

function Reading({ reading }) {
  const share = reading.total ? (100 * reading.done) / reading.total : null;
  const says = reading.total
    ? `Reading ${reading.done.toLocaleString("en-GB")} of ${plural(reading.total, "ledger entry", "ledger entries")} …`
    : "Opening the archive …";
  return h(
    C.Box,
    { maxW: "lg", mx: "auto", mt: 16, textAlign: "center" },
    h(C.Text, { mb: 3, role: "status" }, says),
    h(C.Progress.Root, { value: share, size: "sm", "aria-label": "Reading the ledger" },
      h(C.Progress.Track, null, h(C.Progress.Range))),
    h(C.Text, { mt: 3, fontSize: "sm", color: "fg.muted" },
      "Every entry and signature is checked, once after the API server has started."),
  );
}

function Head({ archive, status, access, onPack }) {
  const { sequence } = archive.head;
  return h(
    C.Flex,
    { justify: "space-between", align: "flex-end", wrap: "wrap", gap: 3, mb: 4 },
    h(
      C.Box,
      { minW: 0 },
      h(C.Heading, { as: "h1", size: "xl" }, "Audit trail"),
      h(C.Text, { fontSize: "sm", color: "fg.muted", overflowWrap: "anywhere" },
        `${archive.archive.name} in ${archive.archive.uri}, ledger entry ${sequence}, read ${time(status.read_at)}`),
    ),
    h(C.Button, { size: "sm", colorPalette: "brand", onClick: onPack, disabled: !access?.can.export_digests },
      "Auditor’s pack"),
  );
}

function Archive({ archive, status, access, refresh }) {
  const [parameters, setParameters] = Router.useSearchParams();
  const [pack, setPack] = React.useState(false);
  const days = React.useMemo(() => listDays(archive.days, archive.today), [archive.days, archive.today]);
  const open = React.useCallback(
    (day) => setParameters((before) => {
      const after = new URLSearchParams(before);
      if (day) after.set("day", day);
      else after.delete("day");
      return after;
    }),
    [setParameters],
  );
  const day = /^\d{4}-\d\d-\d\d$/.test(parameters.get("day") ?? "") ? parameters.get("day") : null;
  return h(
    React.Fragment,
    null,
    h(Head, { archive, status, access, onPack: () => setPack(true) }),
    status.problem && h(Problem, { problem: { ...status.problem, what: `Not up to date: ${status.problem.what}` }, status: "warning" }),
    h(Findings, { findings: archive.findings, onDay: open }),
    archive.weaker_than_default.length > 0 && h(
      Notice,
      { status: "warning", title: "Set weaker than the default" },
      archive.weaker_than_default.map((sentence) => h(C.Text, { key: sentence, fontSize: "sm" }, sentence)),
    ),
    h(Summary, { archive }),
    h(Calendar, { days, onDay: open, chosen: day }),
    h(Throughput, { days, dueHours: archive.due_hours }),
    h(Compliance, { archive, access, days }),
    h(
      C.SimpleGrid,
      { columns: { base: 1, xl: 2 }, columnGap: 4, alignItems: "start" },
      h(C.Box, { minW: 0 }, h(Ledger, { archive })),
      h(C.Box, { minW: 0 }, h(Keys, { keys: archive.keys })),
    ),
    h(Verifications, { archive, onDay: open }),
    h(DayDrawer, { day, access, refresh, head: archive.head.sequence, onClose: () => open(null), onPack: () => setPack(true) }),
    h(PackDialog, { open: pack, onClose: () => setPack(false), days, access, start: day }),
  );
}

export function AuditTrailPage() {
  const [state, refresh] = useOverview();
  const access = useAccess();
  let content;
  if (state.archive) content = h(Archive, { ...state, access, refresh });
  else if (state.problem) {
    content = h(
      React.Fragment,
      null,
      h(C.Heading, { as: "h1", size: "xl", mb: 4 }, "Audit trail"),
      h(Problem, { problem: state.problem }),
      h(C.Button, { size: "sm", variant: "outline", onClick: refresh }, "Try again"),
    );
  } else content = h(Reading, { reading: state.reading ?? { done: 0, total: 0 } });
  return h(C.Box, { as: "main", px: { base: 2, md: 4 }, py: 3, maxW: "1500px", mx: "auto", "data-testid": "audit-trail" }, content);
}
