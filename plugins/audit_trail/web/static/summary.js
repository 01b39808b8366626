// The measures that an auditor asks for first.
import { C, h } from "./elements.js";
import { bytes, compact, count, dayOf, hours, plural, share, time } from "./words.js";

function Tile({ label, value, note, palette }) {
  return h(
    C.Box,
    { borderWidth: 1, borderRadius: "lg", px: 4, py: 3, bg: "bg", borderTopWidth: 3, borderTopColor: palette ? `${palette}.solid` : "border" },
    h(C.Text, { fontSize: "xs", color: "fg.muted" }, label),
    h(C.Text, { fontSize: { base: "lg", md: "2xl" }, fontWeight: "semibold", whiteSpace: "nowrap", lineHeight: 1.3, fontVariantNumeric: "tabular-nums" }, value),
    h(C.Text, { fontSize: "xs", color: "fg.muted", overflowWrap: "anywhere" }, note),
  );
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

export function Summary({ archive }) {
  const { metrics, days, locks } = archive;
  const judged = (known, good) => (known ? (good ? "green" : "red") : undefined);
  const good = metrics.good_days === metrics.due_days;
  const clean = metrics.verifications === metrics.verifications_passed;
  return h(
    C.SimpleGrid,
    { columns: { base: 2, md: 3, xl: 6 }, gap: 3, mb: 4, as: "section", "aria-label": "Compliance" },
    h(Tile, {
      label: "Days proven",
      value: share(metrics.good_days, metrics.due_days),
      note: `${count(metrics.good_days)} of ${plural(metrics.due_days, "due day")}`,
      palette: judged(metrics.due_days, good),
    }),
    h(Tile, {
      label: "Missing days",
      value: count(metrics.missing_days),
      note: `due ${archive.due_hours} h after their end`,
      palette: judged(metrics.due_days, metrics.missing_days === 0),
    }),
    h(Tile, {
      label: "Sealed after",
      value: hours(metrics.lag_hours_median),
      note: metrics.lag_hours_worst === null ? "the end of its day" : `the day’s end; at most ${hours(metrics.lag_hours_worst)} in 90 days`,
    }),
    h(Tile, {
      label: "Verifications passed",
      value: share(metrics.verifications_passed, metrics.verifications),
      note: metrics.last_verified_at ? `of ${count(metrics.verifications)}, the last ${time(metrics.last_verified_at)}` : "none yet",
      palette: judged(metrics.verifications, clean),
    }),
    h(Tile, {
      label: "Records",
      value: compact(sum(days.records)),
      note: `${bytes(sum(days.bytes))}, stored as ${bytes(sum(days.stored))}`,
    }),
    h(Tile, {
      label: "Locked until",
      value: dayOf(locks.last_end),
      note: locks.next_end ? `the first lock ends ${dayOf(locks.next_end.at)}` : "nothing is locked",
    }),
  );
}
