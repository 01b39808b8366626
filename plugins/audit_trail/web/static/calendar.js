// Years of days, each in the colour and under the mark of its verdict. Arrow keys move, Enter opens.
import { C, React, Section, h } from "./elements.js";
import { VERDICTS, count, longDay, monthName } from "./words.js";

const CELL = 13;
const STEP = 16;
const YEARS_SHOWN = 3;
const MOVES = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1, PageUp: -28, PageDown: 28 };
const SHADES = [0.45, 0.65, 0.85, 1];

const color = (name) => `var(--chakra-colors-${name})`;
const weekday = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

/** How strong a sealed day's colour is: by which quarter of all days its records put it into. */
function shadesOf(days) {
  const records = days.filter((day) => day.letter === "S").map((day) => day.records).sort((one, other) => one - other);
  const borders = [0.25, 0.5, 0.75].map((part) => records[Math.floor(part * records.length)]);
  if (records.length === 0 || records[0] === records.at(-1)) return () => SHADES[2];
  return (value) => SHADES[borders.filter((border) => value > border).length];
}

function look(verdict, shade) {
  const { palette, solid } = verdict;
  if (verdict.name === "open") return { fill: color("bg"), stroke: color("border-emphasized"), strokeDasharray: "2 2" };
  // Mixed with the background, so that nothing shines through.
  if (solid) return { fill: `color-mix(in srgb, ${color(`${palette}-solid`)} ${100 * shade}%, ${color("bg")})`, stroke: "none" };
  return { fill: color(`${palette}-subtle`), stroke: color(`${palette}-solid`) };
}

export function describe(day) {
  const verdict = VERDICTS[day.letter];
  const more = day.records ? `, ${count(day.records)} records` : "";
  return `${longDay(day.day)}: ${verdict.says}${more}${day.revisions > 1 ? `, ${day.revisions} revisions` : ""}`;
}

function Cell({ day, x, y, shade, active, chosen }) {
  const verdict = VERDICTS[day.letter];
  return h(
    "g",
    {
      role: "button",
      "data-day": day.day,
      "data-verdict": verdict.name,
      tabIndex: active ? 0 : -1,
      "aria-label": describe(day),
      "aria-pressed": chosen,
      style: { cursor: "pointer", outlineOffset: 1 },
    },
    h("title", null, describe(day)),
    h("rect", {
      x: x + 0.5, y: y + 0.5, width: CELL - 1, height: CELL - 1, rx: 2.5,
      style: { ...look(verdict, shade), ...(chosen ? { stroke: color("fg"), strokeWidth: 2 } : {}) },
    }),
    verdict.mark && h("text", {
      x: x + CELL / 2, y: y + CELL / 2 + 0.5, dominantBaseline: "central", textAnchor: "middle", fontSize: 10, fontWeight: 700,
      style: { fill: verdict.solid ? color(`${verdict.palette}-contrast`) : color(`${verdict.palette}-fg`), pointerEvents: "none" },
    }, verdict.mark),
  );
}

const Month = React.memo(function Month({ month, days, shadeOf, active, chosen }) {
  const first = `${month}-01`;
  const start = weekday(first);
  const length = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  const columns = Math.ceil((start + length) / 7);
  return h(
    C.Box,
    { minW: { base: `${6 * STEP}px`, md: 0 } },
    h(C.Text, { fontSize: "2xs", color: "fg.muted", mb: 1 }, monthName(Number(month.slice(5)) - 1)),
    h(
      "svg",
      { width: columns * STEP, height: 7 * STEP, role: "group", "aria-label": `${monthName(Number(month.slice(5)) - 1)} ${month.slice(0, 4)}`, style: { display: "block", overflow: "visible" } },
      Array.from({ length }, (_, index) => start + index).map((place) => h("rect", {
        key: place, x: Math.floor(place / 7) * STEP + 0.5, y: (place % 7) * STEP + 0.5, width: CELL - 1, height: CELL - 1, rx: 2.5,
        style: { fill: color("bg-muted") },
      })),
      days.map((day) => {
        const place = start + Number(day.day.slice(8)) - 1;
        return h(Cell, {
          key: day.day, day, x: Math.floor(place / 7) * STEP, y: (place % 7) * STEP, shade: shadeOf(day.records),
          active: active === day.day, chosen: chosen === day.day,
        });
      }),
    ),
  );
});

function Year({ year, months, shadeOf, active, chosen }) {
  const within = (day, month) => (day?.startsWith(month) ? day : null);
  return h(
    C.Box,
    { mb: 4, as: "section", "aria-label": year },
    h(C.Text, { fontSize: "sm", fontWeight: "semibold", mb: 1 }, year),
    h(C.Flex, { wrap: "wrap", columnGap: 2.5, rowGap: 3 }, months.map(([month, days]) => h(Month, {
      key: month, month, days, shadeOf, active: within(active, month), chosen: within(chosen, month),
    }))),
  );
}

function Legend({ days }) {
  const numbers = {};
  for (const day of days) numbers[day.letter] = (numbers[day.letter] ?? 0) + 1;
  return h(
    C.Flex,
    { as: "ul", wrap: "wrap", gap: 3, listStyleType: "none" },
    Object.entries(VERDICTS).filter(([letter]) => numbers[letter]).map(([letter, verdict]) => h(
      C.Flex,
      { key: letter, as: "li", gap: 1.5, align: "center" },
      h("svg", { width: CELL, height: CELL, "aria-hidden": true },
        h("rect", { x: 0.5, y: 0.5, width: CELL - 1, height: CELL - 1, rx: 2.5, style: look(verdict, 0.8) }),
        verdict.mark && h("text", { x: CELL / 2, y: CELL / 2 + 0.5, dominantBaseline: "central", textAnchor: "middle", fontSize: 10, fontWeight: 700,
          style: { fill: verdict.solid ? color(`${verdict.palette}-contrast`) : color(`${verdict.palette}-fg`) } }, verdict.mark)),
      h(C.Text, { fontSize: "xs", color: "fg.muted" }, `${verdict.says} ${count(numbers[letter])}`),
    )),
  );
}

function byYear(days) {
  const years = new Map();
  for (const day of days) {
    const year = day.day.slice(0, 4);
    const month = day.day.slice(0, 7);
    if (!years.has(year)) years.set(year, new Map());
    const months = years.get(year);
    if (!months.has(month)) months.set(month, []);
    months.get(month).push(day);
  }
  return [...years].map(([year, months]) => [year, [...months]]).reverse();
}

export function Calendar({ days, onDay, chosen }) {
  const [all, setAll] = React.useState(false);
  const [active, setActive] = React.useState(null);
  const box = React.useRef(null);
  const years = React.useMemo(() => byYear(days), [days]);
  const shadeOf = React.useMemo(() => shadesOf(days), [days]);
  const shown = all ? years : years.slice(0, YEARS_SHOWN);
  const onClick = (event) => {
    const day = event.target.closest("[data-day]")?.dataset.day;
    if (!day) return;
    setActive(day);
    onDay(day);
  };
  const onKeyDown = (event) => {
    const day = event.target.closest?.("[data-day]")?.dataset.day;
    if (!day) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onDay(day);
    }
    const move = event.key === "Home" ? -days.length : event.key === "End" ? days.length : MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const least = days.findIndex((item) => item.day.startsWith(shown.at(-1)[0]));
    const at = days.findIndex((item) => item.day === day) + move;
    const next = days[Math.max(least, Math.min(days.length - 1, at))].day;
    setActive(next);
    box.current.querySelector(`[data-day="${next}"]`)?.focus();
  };
  return h(
    Section,
    { title: "Days", id: "audit-trail-days", extra: h(Legend, { days }) },
    days.length === 0
      ? h(C.Text, { fontSize: "sm", color: "fg.muted" }, "No day is sealed yet: trigger audit_trail_daily.")
      : h(C.Box, { ref: box, onClick, onKeyDown }, shown.map(([year, months]) => h(Year, {
        key: year, year, months, shadeOf, active: active ?? days.at(-1).day, chosen,
      }))),
    years.length > shown.length && h(C.Button, { size: "xs", variant: "outline", onClick: () => setAll(true) },
      `Show all ${years.length} years`),
  );
}
