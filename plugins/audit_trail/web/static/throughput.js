// Bytes and records a day, a week or a month, drawn by Chart.js.
import { C, React, Rows, Section, h } from "./elements.js";
import { bytes, compact, count } from "./words.js";

const RANGES = [["30 days", 30, 1], ["90 days", 90, 1], ["1 year", 365, 7], ["All", Infinity, 30]];
const STEPS = { 1: "day", 7: "week", 30: "month" };

/** Sums by day, by week (from Monday) or by month; each is named by its first day. */
function group(days, step) {
  if (step === 1) {
    // A day without a seal has no number of records, which is not the same as none.
    return days.map((day) => ({ name: day.day, bytes: day.bytes, stored: day.stored, records: day.revisions ? day.records : null }));
  }
  const groups = new Map();
  for (const day of days) {
    const name = step === 30 ? day.day.slice(0, 7) : monday(day.day);
    const sums = groups.get(name) ?? { name, bytes: 0, stored: 0, records: 0 };
    sums.bytes += day.bytes;
    sums.stored += day.stored;
    sums.records += day.records;
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

const value = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--chakra-colors-${name}`).trim();

/** Changes when the UI turns light or dark. */
function useTheme() {
  const [theme, setTheme] = React.useState(() => document.documentElement.className);
  React.useEffect(() => {
    const observer = new MutationObserver(() => setTheme(document.documentElement.className));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

function configuration(groups) {
  const text = value("fg-muted");
  const grid = value("border");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const step = byteStep(Math.max(...groups.map((item) => item.bytes)));
  const axis = (position, ticks, extra) => ({
    position, beginAtZero: true, ticks: { color: text, maxTicksLimit: 6, ...ticks }, grid: { color: grid, ...extra }, border: { display: false },
  });
  return {
    data: {
      labels: groups.map((item) => item.name),
      datasets: [
        { type: "bar", label: "Bytes of records", data: groups.map((item) => item.bytes), yAxisID: "bytes", backgroundColor: value("blue-solid"), maxBarThickness: 24, order: 2 },
        { type: "line", label: "Records", data: groups.map((item) => item.records), yAxisID: "records", borderColor: value("orange-solid"), backgroundColor: value("orange-solid"), borderWidth: 2, pointRadius: groups.length > 60 ? 0 : 2, tension: 0.25, order: 1 },
      ],
    },
    options: {
      animation: still ? false : { duration: 250 },
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { labels: { color: text, boxWidth: 12, boxHeight: 12 }, align: "end" },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.dataset.yAxisID === "bytes" ? bytes(item.raw) : count(item.raw)}` } },
      },
      scales: {
        x: { ticks: { color: text, maxRotation: 0, autoSkipPadding: 24 }, grid: { display: false }, border: { color: grid } },
        bytes: axis("left", { callback: (number) => bytes(number), stepSize: step }),
        records: axis("right", { callback: (number) => compact(number) }, { drawOnChartArea: false }),
      },
    },
  };
}

function Canvas({ groups, label }) {
  const canvas = React.useRef(null);
  const [failed, setFailed] = React.useState(false);
  const theme = useTheme();
  React.useEffect(() => {
    let chart;
    let over = false;
    import("./vendor/chart.umd.min.js").then(
      () => {
        if (!over) chart = new globalThis.Chart(canvas.current, configuration(groups));
      },
      () => setFailed(true),
    );
    return () => {
      over = true;
      chart?.destroy();
    };
  }, [groups, theme]);
  if (failed) return h(C.Text, { fontSize: "sm" }, "The chart could not be loaded; the table has the same figures.");
  return h(C.Box, { h: "260px", position: "relative" }, h("canvas", { ref: canvas, role: "img", "aria-label": label }));
}

export function Throughput({ days }) {
  const [range, setRange] = React.useState(1);
  const [table, setTable] = React.useState(false);
  const [name, length, step] = RANGES[range];
  const groups = React.useMemo(
    () => group(days.filter((day) => day.letter !== "O").slice(length === Infinity ? 0 : -length), step),
    [days, length, step],
  );
  if (groups.length === 0) return null;
  const per = STEPS[step];
  const columns = [
    { name: per === "day" ? "Day" : `First day of the ${per}`, of: (item) => item.name },
    { name: "Records", number: true, of: (item) => (item.records === null ? "–" : count(item.records)) },
    { name: "Bytes of records", number: true, of: (item) => bytes(item.bytes) },
    { name: "Stored", number: true, of: (item) => bytes(item.stored) },
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
      : h(Canvas, { groups, label: `Bytes and records a ${per}, ${name}. The button Table shows the figures.` }),
  );
}
