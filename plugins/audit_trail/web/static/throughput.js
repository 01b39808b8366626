// Bytes and records a day, a week or a month, and how long days waited for their seal.
import { AXIS_WIDTH, Chart, axis, options, value } from "./chart.js";
import { C, React, Rows, Section, h } from "./elements.js";
import { bytes, compact, count, hours, plural, wholeHours } from "./words.js";

const RANGES = [["30 days", 30, 1], ["90 days", 90, 1], ["1 year", 365, 7], ["All", Infinity, 30]];
const STEPS = { 1: "day", 7: "week", 30: "month" };

/** Sums by day, by week (from Monday) or by month, and the longest wait in each; each is named by its first day. */
function group(days, step) {
  if (step === 1) {
    // A day without a seal has no number of records, which is not the same as none.
    return days.map((day) => ({ name: day.day, bytes: day.bytes, stored: day.stored, records: day.revisions ? day.records : null, lag: day.lag }));
  }
  const groups = new Map();
  for (const day of days) {
    const name = step === 30 ? day.day.slice(0, 7) : monday(day.day);
    const sums = groups.get(name) ?? { name, bytes: 0, stored: 0, records: 0, lag: null };
    sums.bytes += day.bytes;
    sums.stored += day.stored;
    sums.records += day.records;
    if (day.lag !== null) sums.lag = Math.max(sums.lag ?? 0, day.lag);
    groups.set(name, sums);
  }
  return [...groups.values()];
}

function monday(day) {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  return at.toISOString().slice(0, 10);
}

/** Steps of an axis of bytes: round in KiB, MiB or GiB, about four of them. */
function byteStep(most) {
  let unit = 1;
  while (most >= unit * 1024) unit *= 1024;
  const wanted = most / unit / 4;
  const round = [0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 250].find((step) => step >= wanted);
  return Math.max(1, (round ?? 256) * unit);
}

const STEPS_OF_HOURS = [...[1, 2, 5, 10, 15, 30].map((minutes) => minutes / 60), 1, 2, 3, 6, 12, 24, 48];

/** Steps of an axis of hours: whole minutes, hours or days, about three of them. */
function hourStep(most) {
  const wanted = most / 3;
  return STEPS_OF_HOURS.find((step) => step >= wanted) ?? 24 * Math.ceil(wanted / 24);
}

function volumes(groups) {
  return {
    data: {
      labels: groups.map((item) => item.name),
      datasets: [
        { type: "bar", label: "Bytes of records", data: groups.map((item) => item.bytes), yAxisID: "bytes", backgroundColor: value("blue-solid"), maxBarThickness: 24, order: 2 },
        { type: "line", label: "Records", data: groups.map((item) => item.records), yAxisID: "records", borderColor: value("orange-solid"), backgroundColor: value("orange-solid"), borderWidth: 2, pointRadius: groups.length > 60 ? 0 : 2, order: 1 },
      ],
    },
    options: options({
      tooltip: (item) => `${item.dataset.label}: ${item.dataset.yAxisID === "bytes" ? bytes(item.raw) : count(item.raw)}`,
      scales: {
        bytes: axis("left", { callback: (number) => bytes(number), stepSize: byteStep(Math.max(...groups.map((item) => item.bytes))) }),
        records: axis("right", { callback: (number) => compact(number) }, { drawOnChartArea: false }),
      },
    }),
  };
}

/** Late ones are red, and counted in words beside the chart. */
function waits({ groups, dueHours }) {
  const step = hourStep(Math.max(...groups.map((item) => item.lag ?? 0)));
  const colours = groups.map((item) => value(item.lag > dueHours ? "red-solid" : "teal-solid"));
  return {
    data: {
      labels: groups.map((item) => item.name),
      datasets: [{ type: "bar", label: "From a day’s end to its seal", data: groups.map((item) => item.lag), yAxisID: "hours", backgroundColor: colours, maxBarThickness: 24 }],
    },
    options: options({
      legend: false,
      // Where the chart above has its second axis, so that a day stands under itself.
      right: AXIS_WIDTH,
      tooltip: (item) => `${item.dataset.label}: ${hours(item.raw)}`,
      scales: { hours: { ...axis("left", { callback: wholeHours, stepSize: step }), suggestedMax: step } },
    }),
  };
}

/** How many days waited for their seal, and how many of them too long. */
function waited(days, dueHours) {
  const sealed = days.filter((day) => day.lag !== null);
  if (sealed.length === 0) return "None of these days is sealed.";
  const late = sealed.filter((day) => day.lag > dueHours).length;
  const longest = sealed.reduce((found, day) => (day.lag > found.lag ? day : found));
  return `Of ${plural(sealed.length, "sealed day")} ${count(late)} waited longer than ${dueHours} h for the seal; the longest was ${longest.day}: ${hours(longest.lag)}. `
    + "Counted from the day’s end, or from the archive’s founding where that was later.";
}

export function Throughput({ days, dueHours }) {
  const [range, setRange] = React.useState(1);
  const [table, setTable] = React.useState(false);
  const [name, length, step] = RANGES[range];
  const chosen = React.useMemo(
    () => days.filter((day) => day.letter !== "O").slice(length === Infinity ? 0 : -length),
    [days, length],
  );
  const groups = React.useMemo(() => group(chosen, step), [chosen, step]);
  const lags = React.useMemo(() => ({ groups, dueHours }), [groups, dueHours]);
  if (groups.length === 0) return null;
  const per = STEPS[step];
  const columns = [
    { name: per === "day" ? "Day" : `First day of the ${per}`, of: (item) => item.name },
    { name: "Records", number: true, of: (item) => (item.records === null ? "–" : count(item.records)) },
    { name: "Bytes of records", number: true, of: (item) => bytes(item.bytes) },
    { name: "Stored", number: true, of: (item) => bytes(item.stored) },
    { name: per === "day" ? "Sealed after" : "Longest until sealed", number: true, of: (item) => hours(item.lag) },
  ];
  const choices = h(
    C.Flex,
    { gap: 1, wrap: "wrap", role: "group", "aria-label": "Range" },
    RANGES.map(([label], index) => h(C.Button, {
      key: label, size: "2xs", variant: index === range ? "solid" : "outline", "aria-pressed": index === range, onClick: () => setRange(index),
    }, label)),
    h(C.Button, { size: "2xs", variant: table ? "solid" : "outline", "aria-pressed": table, onClick: () => setTable(!table) }, "Table"),
  );
  return h(
    Section,
    { title: `Throughput a ${per}`, id: "audit-trail-throughput", extra: choices },
    table
      ? h(C.Box, { maxH: "260px", overflowY: "auto" }, h(Rows, { label: `Throughput a ${per}`, columns, rows: [...groups].reverse().map((item) => ({ ...item, key: item.name })) }))
      : h(
        React.Fragment,
        null,
        h(Chart, { configure: volumes, data: groups, height: "260px", label: `Bytes and records a ${per}, ${name}. The button Table shows the figures.` }),
        h(C.Heading, { as: "h3", size: "xs", mt: 4, mb: 1 }, per === "day" ? "From a day’s end to its seal" : `From a day’s end to its seal, the longest of each ${per}`),
        h(Chart, { configure: waits, data: lags, height: "110px", label: `Time from a day’s end to its seal, ${name}. The button Table shows the figures.` }),
      ),
    h(C.Text, { fontSize: "xs", color: "fg.muted", mt: 2 }, waited(chosen, dueHours)),
  );
}
