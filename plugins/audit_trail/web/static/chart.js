// A chart by Chart.js in the colours of Airflow's UI, and drawn anew when these change.
import { C, React, h } from "./elements.js";

/** Of every axis of numbers, so that charts of the same days stand one under the other; in pixels. */
export const AXIS_WIDTH = 60;

/** A colour of the theme in force. */
export const value = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--chakra-colors-${name}`).trim();

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

/** What all charts here share; the rest is the chart's own. A chart of one thing needs no legend. */
export function options({ scales, tooltip, legend = true, right = 0 }) {
  const text = value("fg-muted");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    animation: still ? false : { duration: 250 },
    responsive: true,
    maintainAspectRatio: false,
    layout: { padding: { right } },
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { display: legend, labels: { color: text, boxWidth: 12, boxHeight: 12 }, align: "end" },
      tooltip: { callbacks: { label: tooltip } },
    },
    scales: {
      x: { ticks: { color: text, maxRotation: 0, autoSkipPadding: 24 }, grid: { display: false }, border: { color: value("border") } },
      ...scales,
    },
  };
}

/** An axis of numbers from 0 on. */
export function axis(position, ticks, extra) {
  return {
    position, beginAtZero: true, ticks: { color: value("fg-muted"), maxTicksLimit: 6, ...ticks }, grid: { color: value("border"), ...extra }, border: { display: false },
    afterFit: (scale) => {
      scale.width = AXIS_WIDTH;
    },
  };
}

/** `configure` gives Chart.js's configuration; `data` is what it draws, so that another one is drawn anew. */
export function Chart({ configure, data, label, height }) {
  const canvas = React.useRef(null);
  const [failed, setFailed] = React.useState(false);
  const theme = useTheme();
  React.useEffect(() => {
    let chart;
    let over = false;
    import("./vendor/chart.umd.min.js").then(
      () => {
        if (!over) chart = new globalThis.Chart(canvas.current, configure(data));
      },
      () => setFailed(true),
    );
    return () => {
      over = true;
      chart?.destroy();
    };
  }, [configure, data, theme]);
  if (failed) return h(C.Text, { fontSize: "sm" }, "The chart could not be loaded; the table has the same figures.");
  return h(C.Box, { h: height, position: "relative" }, h("canvas", { ref: canvas, role: "img", "aria-label": label }));
}
