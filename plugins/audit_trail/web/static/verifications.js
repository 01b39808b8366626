// What verifications found, as it stands in the ledger.
import { C, React, Rows, Section, h } from "./elements.js";
import { getVerifications } from "./requests.js";
import { count, time } from "./words.js";

export function Outcome({ item }) {
  if (item.failed) return h(C.Badge, { colorPalette: "red", variant: "solid" }, `${item.failed} failed`);
  if (item.unverifiable) return h(C.Badge, { colorPalette: "purple", variant: "solid" }, `${item.unverifiable} not checked`);
  return h(C.Badge, { colorPalette: "green" }, "passed");
}

const FAILED = {
  name: "Failed",
  wrap: true,
  of: (item) => item.failures.slice(0, 3).map((failure) => `${failure.check} at ${failure.where}`).join("; "),
};

export const verificationColumns = (items, onDay) => [
  { name: "When", of: (item) => time(item.at) },
  { name: "Day", of: (item) => (onDay
    ? h(C.Button, { size: "2xs", variant: "plain", color: "fg.info", px: 0, onClick: () => onDay(item.date) }, item.date)
    : item.date) },
  { name: "Result", of: (item) => h(Outcome, { item }) },
  { name: "Checks", number: true, of: (item) => count(item.passed + item.failed + item.unverifiable) },
  { name: "Segments read", number: true, of: (item) => `${count(item.sample.size)} of ${count(item.sample.population)}` },
  { name: "Entry", number: true, of: (item) => item.sequence },
  { name: "By run", of: (item) => (item.run ? `${decodeURIComponent(item.run.run_id)}, try ${item.run.try_number}` : "–") },
  ...(items.some((item) => item.failures.length > 0) ? [FAILED] : []),
];

export function Verifications({ archive, onDay }) {
  const [older, setOlder] = React.useState([]);
  const [state, setState] = React.useState({ more: archive.metrics.verifications > archive.verifications.length });
  const newest = archive.verifications;
  const oldestShown = (older.at(-1) ?? newest.at(-1))?.sequence;
  const load = async () => {
    try {
      const page = await getVerifications(oldestShown);
      setOlder((before) => [...before, ...page.verifications]);
      setState({ more: page.more > 0 });
    } catch (error) {
      setState({ more: true, says: error.message });
    }
  };
  const shown = newest.concat(older.filter((item) => item.sequence < (newest.at(-1)?.sequence ?? Infinity)));
  const rows = shown.map((item) => ({ ...item, key: item.sequence }));
  return h(
    Section,
    { title: "Verifications", id: "audit-trail-verifications" },
    h(C.Box, { maxH: "28rem", overflowY: "auto" },
      h(Rows, { label: "Verifications", columns: verificationColumns(rows, onDay), rows, empty: "No verification stands in the ledger yet." })),
    state.more && h(C.Button, { size: "xs", variant: "outline", mt: 3, onClick: load }, "Older ones"),
    state.says && h(C.Text, { fontSize: "sm", color: "fg.error", mt: 2, role: "alert" }, state.says),
  );
}
