// A day, opened: what its seals hold, what was found about it, its runs in Airflow, and what can be done.
import { Actions, Runs } from "./runs.js";
import { C, Digest, Facts, Problem, React, Rows, h } from "./elements.js";
import { Findings } from "./findings.js";
import { MadeBy } from "./made_by.js";
import { getDay } from "./requests.js";
import { verificationColumns } from "./verifications.js";
import { byName, bytes, count, dayOf, hours, longDay, plural, time } from "./words.js";

const SEGMENTS = [
  { name: "Segment", of: (item) => h(C.Code, { fontSize: "xs", title: item.key }, item.key.split("/").at(-1).slice(0, 10)) },
  { name: "Source", of: (item) => item.source ?? "–" },
  { name: "Records", number: true, of: (item) => (item.records === undefined ? "–" : count(item.records)) },
  { name: "Bytes", number: true, of: (item) => (item.content_bytes === undefined ? "–" : bytes(item.content_bytes)) },
  { name: "Stored", number: true, of: (item) => bytes(item.bytes) },
  { name: "SHA-256", of: (item) => h(Digest, { value: item.sha256, length: 12 }) },
  { name: "Merkle root", of: (item) => h(Digest, { value: item.merkle_root, length: 12 }) },
  { name: "Locked until", of: (item) => `${dayOf(item.retain_until)} ${item.lock_mode}` },
];
const INPUTS = [
  { name: "Source", of: (item) => item.source },
  { name: "File", wrap: true, of: (item) => item.uri },
  { name: "Bytes", number: true, of: (item) => `${count(item.start)} to ${count(item.end)}` },
  { name: "Records", number: true, of: (item) => count(item.records) },
  { name: "SHA-256 before redaction", of: (item) => h(Digest, { value: item.sha256, length: 12 }) },
];
const RULES = [
  { name: "Rule", of: (item) => item.rule },
  { name: "Replaced", number: true, of: (item) => count(item.times) },
];

function Part({ title, children }) {
  return h(C.Box, { mt: 5 }, h(C.Heading, { as: "h3", size: "xs", mb: 2 }, title), children);
}

function Revision({ item, several }) {
  const { totals, redaction } = item;
  const rules = Object.entries(redaction?.replacements ?? {}).map(([rule, times]) => ({ key: rule, rule, times }));
  const hidden = totals.inputs - item.inputs.length;
  return h(
    C.Box,
    { mt: several ? 6 : 4 },
    several && h(C.Heading, { as: "h3", size: "sm", mb: 2 }, `Revision ${item.revision}`),
    item.reason && h(C.Text, { fontSize: "sm", mb: 2 }, item.reason),
    item.problem && h(Problem, { problem: item.problem }),
    h(Facts, { columns: { base: 2, md: 4 }, items: [
      ["Records", count(totals.records)],
      ["Bytes of records", bytes(totals.content_bytes)],
      ["Stored", bytes(totals.stored_bytes)],
      ["Segments", count(totals.segments)],
      ["Sealed", `${time(item.at)}, ${hours(item.lag_hours)} after the day’s end`],
      ["Ledger entry", h(C.Flex, { gap: 1, wrap: "wrap" }, item.sequence, h(Digest, { value: item.entry_sha256, length: 10 }))],
      ["Manifest", h(Digest, { value: item.manifest.sha256, length: 10 })],
      ["Signed by", item.signed_by.map((key) => h(C.Text, { key: key.keyid, title: key.keyid }, `${key.scheme} ${key.keyid.slice(0, 8)}…`))],
    ] }),
    h(C.Box, { mt: 3 }, h(Facts, { columns: 1, items: [["Sealed by", h(MadeBy, { run: item.run })]] })),
    h(Part, { title: "Segments" }, h(Rows, { label: "Segments", columns: SEGMENTS, rows: item.segments, empty: "A quiet day: no records, and sealed as such." })),
    h(Part, { title: "Inputs" },
      h(Rows, { label: "Inputs", columns: INPUTS, rows: item.inputs, empty: "None." }),
      hidden > 0 && h(C.Text, { fontSize: "sm", color: "fg.muted" }, `and ${count(hidden)} more, in the manifest`)),
    redaction && h(Part, { title: "Redacted by the pipeline" },
      h(Rows, { label: "Redactions", columns: RULES, rows: rules, empty: "Nothing was replaced." }),
      h(C.Text, { fontSize: "xs", color: "fg.muted", mt: 2 }, "Policy ", h(Digest, { value: redaction.policy_sha256, length: 12 }))),
  );
}

function Detail({ detail, day, access, refresh, onPack }) {
  const several = detail.revisions.length > 1;
  return h(
    React.Fragment,
    null,
    detail.gap && h(C.Text, { fontSize: "sm", mb: 3 }, `Declared to have no logs, ledger entry ${detail.gap.sequence} of ${time(detail.gap.at)}: ${detail.gap.reason}`),
    h(Findings, { findings: detail.findings }),
    h(Actions, { day, access, refresh, onPack, sealed: detail.revisions.length > 0 }),
    detail.revisions.map((item) => h(Revision, { key: item.revision, item, several })),
    h(Part, { title: "Verifications of this day" },
      h(Rows, { label: "Verifications of this day", columns: verificationColumns(detail.verifications), rows: detail.verifications.map((item) => ({ ...item, key: item.sequence })), empty: "None yet." })),
    h(Part, { title: "Runs in Airflow" }, h(Runs, { day, access })),
  );
}

/** Loads a day, again whenever the ledger has grown. */
function useDay(day, head) {
  const [state, setState] = React.useState({});
  React.useEffect(() => {
    if (!day) return undefined;
    let over = false;
    setState((before) => (before.day === day ? before : {}));
    getDay(day).then(
      (detail) => over || setState({ day, detail }),
      (error) => over || setState({ day, problem: error.problem ?? { what: error.message } }),
    );
    return () => {
      over = true;
    };
  }, [day, head]);
  return state;
}

export function DayDrawer({ day, access, refresh, head, onClose, onPack }) {
  const state = useDay(day, head);
  const verdict = byName[state.detail?.verdict];
  return h(
    C.Drawer.Root,
    { open: Boolean(day), onOpenChange: (event) => event.open || onClose(), size: { base: "full", md: "xl" }, lazyMount: true, unmountOnExit: true },
    h(C.Portal, null,
      h(C.Drawer.Backdrop),
      h(C.Drawer.Positioner, null,
        h(C.Drawer.Content, { bg: "bg", "data-testid": "audit-trail-day" },
          h(C.Drawer.Header, { borderBottomWidth: 1, pe: 14 },
            h(C.Drawer.Title, null, day ? longDay(day) : ""),
            state.detail && h(C.Badge, { colorPalette: verdict?.palette ?? "gray", variant: "solid" }, verdict?.says ?? "Nothing known")),
          h(C.Drawer.Body, { py: 4 },
            state.problem && h(Problem, { problem: state.problem }),
            state.detail && h(Detail, { detail: state.detail, day: state.day, access, refresh, onPack }),
            !state.detail && !state.problem && h(C.Text, { role: "status" }, "Reading the day’s manifests …")),
          h(C.Drawer.CloseTrigger, { asChild: true }, h(C.CloseButton, { size: "sm", "aria-label": "Close the day" }))))),
  );
}
