// The figures of the compliance report: what the ledger alone gives, and everything once somebody asks for it.
import { C, DayField, Problem, React, Section, h } from "./elements.js";
import { getReport } from "./requests.js";
import { saveFile } from "./save_file.js";
import { count, plural, time } from "./words.js";

const STANDINGS = {
  "in order": { palette: "green", mark: "✓" },
  stated: { palette: "gray", mark: "i" },
  "not measured": { palette: "purple", mark: "?" },
  finding: { palette: "red", mark: "!" },
};
const SHOWN_FINDINGS = 3;

// Airflow's UI may take the page out and put it in again; until it is loaded anew, the last report stays.
const kept = { report: null };

function Standing({ standing }) {
  const known = STANDINGS[standing];
  return h(C.Badge, { colorPalette: known.palette, variant: standing === "finding" ? "solid" : "subtle" }, `${known.mark} ${standing}`);
}

/** What a figure was read from; of digests the beginning, for the report has them whole. */
const sourceOf = (figure) => (figure.from ?? figure.sources.join("; ")).replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1…");

function Explained({ figure }) {
  const findings = figure.findings ?? [];
  return h(
    React.Fragment,
    null,
    findings.slice(0, SHOWN_FINDINGS).map((text) => h(C.Text, { key: text, fontSize: "xs", color: "fg.error" }, text)),
    findings.length > SHOWN_FINDINGS && h(C.Text, { fontSize: "xs", color: "fg.error" }, `and ${count(findings.length - SHOWN_FINDINGS)} more, in the report`),
    h(C.Text, { fontSize: "xs", color: "fg.muted" }, figure.needs ? `Needs ${figure.needs}.` : figure.explanation),
    !figure.needs && h(C.Text, { fontSize: "xs", color: "fg.muted" }, `From ${sourceOf(figure)}`),
  );
}

/** One under the other on a narrow screen: a table would have to be scrolled to see what a figure amounts to. */
function Figure({ figure }) {
  return h(
    C.Grid,
    {
      as: "li", "data-figure": figure.name, templateColumns: { base: "1fr", md: "13rem 13rem 8rem 1fr" }, columnGap: 4, rowGap: 1,
      alignItems: "start", py: 2.5, borderTopWidth: 1, fontSize: "sm",
    },
    h(C.Text, { title: figure.how, fontWeight: "medium" }, figure.title),
    h(C.Text, { fontVariantNumeric: "tabular-nums", overflowWrap: "anywhere" }, figure.value || "–"),
    figure.needs ? h(C.Text, { color: "fg.muted" }, "not measured here") : h(C.Box, null, h(Standing, { standing: figure.standing })),
    h(C.Box, { minW: 0, overflowWrap: "anywhere" }, h(Explained, { figure })),
  );
}

const periodOf = ({ from, to }) => (from || to ? `${from ?? "the first day"} to ${to ?? "the last due day"}` : "all days");

/** Of what and when the figures are. */
function Measured({ archive, report }) {
  const { compliance } = archive;
  if (!report) {
    return h(C.Text, { fontSize: "sm", color: "fg.muted", mb: 3 },
      `Measured ${time(compliance.measured_at)}, of all days, from the ledger. `
      + "What says “not measured here” needs every object or the account’s policies: the report reads them.");
  }
  const newer = archive.head.sequence - report.head.sequence;
  return h(C.Text, { fontSize: "sm", color: "fg.muted", mb: 3 },
    `Measured ${time(report.measured_at)}, of ${periodOf(report)}, up to ledger entry ${count(report.head.sequence)}`
    + `${newer > 0 ? `; ${plural(newer, "entry has", "entries have")} come since` : ""}. Kept in this browser window only.`);
}

/** Why no report can be asked for; empty when one can. */
function obstacle(order, access) {
  if (!access) return "Airflow is asked what you may do …";
  if (!access.can.report) return "The report names who may change the archive: it needs the permission to read Airflow’s audit log of audit_trail_daily.";
  if (order.first && order.last && order.first > order.last) return "The first day comes after the last one.";
  return "";
}

function nameOf(report, ending) {
  return `audit-trail-compliance-${report.measured_at.slice(0, 10)}.${ending}`;
}

function Saving({ made }) {
  const html = () => saveFile({ name: nameOf(made.report, "html"), blob: new Blob([made.html], { type: "text/html" }) });
  const json = () =>
    saveFile({ name: nameOf(made.report, "json"), blob: new Blob([`${JSON.stringify(made.report, null, 2)}\n`], { type: "application/json" }) });
  return h(
    C.Flex,
    { gap: 2, wrap: "wrap" },
    h(C.Button, { size: "sm", variant: "outline", onClick: html }, "Save for people (HTML)"),
    h(C.Button, { size: "sm", variant: "outline", onClick: json }, "Save for machines (JSON)"),
  );
}

function Order({ access, last, made, onMade }) {
  const [order, setOrder] = React.useState({ first: "", last: "" });
  const [state, setState] = React.useState({});
  const abort = React.useRef(null);
  React.useEffect(() => () => abort.current?.abort(), []);
  const hindered = obstacle(order, access);
  const measure = async () => {
    abort.current = new AbortController();
    setState({ busy: true, says: "The server looks at every object of these days …" });
    try {
      onMade(await getReport({ ...order, signal: abort.current.signal }));
      setState({ says: "Measured: the figures above are the report’s." });
    } catch (error) {
      setState(error.name === "AbortError" ? {} : { problem: error.problem ?? { what: error.message } });
    }
  };
  const set = (change) => setOrder((before) => ({ ...before, ...change }));
  return h(
    C.Box,
    { mt: 4, "data-testid": "audit-trail-report" },
    h(C.Flex, { gap: 3, wrap: "wrap", align: "flex-end" },
      h(C.Box, { w: "10rem" }, h(DayField, { label: "First day", value: order.first, max: last, onChange: (first) => set({ first }) })),
      h(C.Box, { w: "10rem" }, h(DayField, { label: "Last day", value: order.last, max: last, onChange: (day) => set({ last: day }) })),
      h(C.Button, { size: "sm", colorPalette: "brand", disabled: Boolean(hindered) || state.busy, loading: state.busy, loadingText: "Measuring", onClick: measure },
        "Compliance report"),
      state.busy && h(C.Button, { size: "sm", variant: "outline", onClick: () => abort.current?.abort() }, "Do not wait"),
      made && h(Saving, { made })),
    h(C.Text, { fontSize: "xs", color: "fg.muted", mt: 2 },
      hindered || "Without days it is of all there are. It takes about as long as a verification of the objects, and is not signed: what it rests on is."),
    state.says && h(C.Text, { fontSize: "sm", mt: 2, role: "status" }, state.says),
    state.problem && h(C.Box, { mt: 3 }, h(Problem, { problem: state.problem })),
  );
}

export function Compliance({ archive, access, days }) {
  const [made, setMade] = React.useState(kept.report);
  const shown = made?.report.genesis_sha256 === archive.archive.genesis ? made : null;
  const figures = shown ? shown.report.figures : archive.compliance.figures;
  const last = days.filter((day) => day.letter !== "O").at(-1)?.day;
  return h(
    Section,
    { title: "Compliance", id: "audit-trail-compliance" },
    h(Measured, { archive, report: shown?.report }),
    h(C.Box, { as: "ul", listStyleType: "none", "aria-label": "Compliance figures" }, figures.map((figure) => h(Figure, { key: figure.name, figure }))),
    h(Order, { access, last, made: shown, onMade: (next) => {
      kept.report = next;
      setMade(next);
    } }),
  );
}
