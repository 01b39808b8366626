// What did not pass: each kind opens to what it means, what to do, and where it was found.
import { C, h } from "./elements.js";
import { plural } from "./words.js";

/** A text in which backticks mark what is typed. */
function Prose({ text }) {
  const parts = text.split("`");
  return h(C.Text, { fontSize: "sm", mb: 3 }, parts.map((part, index) => (index % 2 ? h(C.Code, { key: index, fontSize: "xs" }, part) : part)));
}

function Item({ item, onDay }) {
  return h(
    C.Box,
    { borderWidth: 1, borderRadius: "md", p: 3, fontSize: "sm", overflowWrap: "anywhere" },
    h(C.Flex, { justify: "space-between", gap: 2, wrap: "wrap" },
      h(C.Text, { fontWeight: "semibold" }, item.where),
      item.day && onDay && h(C.Button, { size: "2xs", variant: "outline", onClick: () => onDay(item.day) }, `Open ${item.day}`)),
    ["expected", "found"].filter((name) => item[name]).map((name) => h(
      C.Text, { key: name, color: "fg.muted" }, `${name}: ${item[name]}`)),
    item.remedy && h(C.Text, { mt: 1 }, item.remedy),
  );
}

function Kind({ finding, onDay }) {
  const wrong = finding.outcome === "FAIL";
  return h(
    C.Accordion.Item,
    { value: `${finding.check}-${finding.outcome}`, borderWidth: 1, borderStartWidth: 4, borderStartColor: wrong ? "red.solid" : "purple.solid", borderRadius: "lg", mb: 2, bg: "bg" },
    h(C.Accordion.ItemTrigger, { px: 4, py: 2.5, cursor: "pointer" },
      h(C.Flex, { flex: 1, gap: 2, wrap: "wrap", align: "center" },
        h(C.Badge, { colorPalette: wrong ? "red" : "purple", variant: "solid" }, wrong ? "wrong" : "not checked"),
        h(C.Text, { fontWeight: "semibold", fontSize: "sm" }, finding.title),
        h(C.Text, { fontSize: "sm", color: "fg.muted" }, `${plural(finding.count, "finding")}, ${finding.check}`)),
      h(C.Accordion.ItemIndicator)),
    h(C.Accordion.ItemContent, null,
      h(C.Accordion.ItemBody, { px: 4, pb: 4 },
        h(C.Text, { fontSize: "sm", fontWeight: "semibold" }, "What it means"),
        h(Prose, { text: finding.means }),
        h(C.Text, { fontSize: "sm", fontWeight: "semibold" }, "What to do"),
        h(Prose, { text: finding.steps }),
        h(C.VStack, { align: "stretch", gap: 2 }, finding.items.map((item, index) => h(Item, { key: index, item, onDay }))),
        finding.count > finding.items.length && h(C.Text, { fontSize: "sm", color: "fg.muted", mt: 2 },
          `The newest ${finding.items.length} of ${finding.count}; audit-trail verify shows all of them.`))),
  );
}

export function Findings({ findings, onDay }) {
  if (findings.length === 0) return null;
  return h(
    C.Box,
    { as: "section", "aria-label": "Findings", mb: 2 },
    h(C.Accordion.Root, { collapsible: true, multiple: true, border: "none" },
      findings.map((finding) => h(Kind, { key: `${finding.check}-${finding.outcome}`, finding, onDay }))),
  );
}
