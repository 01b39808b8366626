// The auditor's pack: which days, with or without records, and its download.
import { C, DayField, Problem, React, h } from "./elements.js";
import { Findings } from "./findings.js";
import { getPack } from "./requests.js";
import { saveFile } from "./save_file.js";
import { bytes, plural } from "./words.js";

/** Why a pack cannot be asked for; empty when it can. */
function obstacle({ first, last, chosen, stored, digestsOnly, access }) {
  if (!first || !last || first > last) return "The first day comes after the last one.";
  if (!digestsOnly && !access.can.export_records) return "Records need the permission to read Airflow’s audit log of audit_trail_daily; digests do not.";
  if (chosen > access.pack.days) return `A download holds at most ${plural(access.pack.days, "day")}; audit-trail export has no such limit.`;
  if (!digestsOnly && stored > access.pack.stored_bytes) return `A download holds at most ${bytes(access.pack.stored_bytes)} of records; audit-trail export has no such limit.`;
  return "";
}

function Form({ days, access, start, onClose }) {
  const sealed = days.filter((day) => day.letter !== "O");
  const newest = start ?? sealed.at(-1)?.day ?? "";
  const [order, setOrder] = React.useState({ first: newest, last: newest, digestsOnly: !access.can.export_records, allowFindings: false });
  const [state, setState] = React.useState({});
  const abort = React.useRef(null);
  React.useEffect(() => () => abort.current?.abort(), []);
  const set = (change) => {
    setOrder((before) => ({ ...before, ...change, allowFindings: false }));
    setState({});
  };
  const chosen = sealed.filter((day) => order.first <= day.day && day.day <= order.last);
  const stored = chosen.reduce((sum, day) => sum + day.stored, 0);
  const hindered = obstacle({ ...order, chosen: chosen.length, stored, access });
  const download = async (more) => {
    abort.current = new AbortController();
    setState({ says: "The server verifies and packs the days …", busy: true });
    try {
      const pack = await getPack({ ...order, ...more, signal: abort.current.signal, onBytes: (received, total) =>
        setState({ says: `${bytes(received)} of ${bytes(total)}`, busy: true }) });
      saveFile(pack);
      setState({ says: `${pack.name}, ${bytes(pack.blob.size)}, is in your downloads. The auditor runs verify.sh in it.` });
    } catch (error) {
      setState(error.name === "AbortError" ? {} : { problem: error.problem ?? { what: error.message }, findings: error.findings ?? [] });
    }
  };
  return h(
    React.Fragment,
    null,
    h(C.Dialog.Body, null,
      h(C.Text, { fontSize: "sm", mb: 4 },
        "A zip file that proves these days to somebody who has openssl, sha256sum, zstd and jq, and the archive’s identity on paper. Everything in it is verified on the way."),
      h(C.SimpleGrid, { columns: 2, gap: 3, mb: 4 },
        h(DayField, { label: "First day", value: order.first, max: sealed.at(-1)?.day, onChange: (first) => set({ first }) }),
        h(DayField, { label: "Last day", value: order.last, max: sealed.at(-1)?.day, onChange: (last) => set({ last }) })),
      h(C.Checkbox.Root, { size: "sm", checked: order.digestsOnly, onCheckedChange: (event) => set({ digestsOnly: event.checked === true }) },
        h(C.Checkbox.HiddenInput), h(C.Checkbox.Control), h(C.Checkbox.Label, null, "Digests only, without the records")),
      h(C.Text, { fontSize: "sm", color: "fg.muted", mt: 3 },
        `${plural(chosen.length, "day")}, ${order.digestsOnly ? "ledger and manifests" : `${bytes(stored)} of compressed records`}`),
      hindered && h(C.Text, { fontSize: "sm", color: "fg.warning", mt: 2 }, hindered),
      state.says && h(C.Text, { fontSize: "sm", mt: 3, role: "status" }, state.says),
      state.problem && h(C.Box, { mt: 4 }, h(Problem, { problem: state.problem }), h(Findings, { findings: state.findings }),
        state.findings.length > 0 && h(C.Button, { size: "sm", variant: "outline", onClick: () => download({ allowFindings: true }) },
          "Download a pack that says so"))),
    h(C.Dialog.Footer, null,
      h(C.Button, { size: "sm", variant: "outline", onClick: onClose }, state.busy ? "Cancel" : "Close"),
      h(C.Button, { size: "sm", colorPalette: "brand", disabled: Boolean(hindered) || state.busy, loading: state.busy, loadingText: "Packing", onClick: () => download({}) }, "Download")),
  );
}

export function PackDialog({ open, onClose, days, access, start }) {
  return h(
    C.Dialog.Root,
    { open, onOpenChange: (event) => event.open || onClose(), lazyMount: true, unmountOnExit: true },
    h(C.Portal, null,
      h(C.Dialog.Backdrop),
      h(C.Dialog.Positioner, null,
        h(C.Dialog.Content, { bg: "bg", mx: 3, "data-testid": "audit-trail-pack" },
          h(C.Dialog.Header, null, h(C.Dialog.Title, null, "Auditor’s pack")),
          access && h(Form, { days, access, start, onClose }),
          h(C.Dialog.CloseTrigger, { asChild: true }, h(C.CloseButton, { size: "sm", "aria-label": "Close" }))))),
  );
}
