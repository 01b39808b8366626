// The page's words, and how numbers and times are written. All days and times are UTC.

/** Verdicts by their letter in the overview. `mark` tells them apart without colour. */
export const VERDICTS = {
  S: { name: "sealed", says: "Sealed", palette: "green", mark: "", solid: true },
  E: { name: "sealed-empty", says: "Sealed, no records", palette: "green", mark: "·", solid: false },
  G: { name: "declared-gap", says: "Declared gap", palette: "gray", mark: "–", solid: false },
  L: { name: "late", says: "Late data", palette: "yellow", mark: "~", solid: true },
  M: { name: "missing", says: "Missing", palette: "red", mark: "!", solid: false },
  T: { name: "tampered", says: "Tampered", palette: "red", mark: "×", solid: true },
  U: { name: "unverifiable", says: "Not verifiable", palette: "purple", mark: "?", solid: true },
  O: { name: "open", says: "Not due yet", palette: "gray", mark: "", solid: false },
};
export const byName = Object.fromEntries(Object.values(VERDICTS).map((verdict) => [verdict.name, verdict]));

const whole = new Intl.NumberFormat("en-GB");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => whole.format(value);
export const compact = (value) => short.format(value);

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let rest = value;
  let unit = 0;
  for (; rest >= 1024 && unit < units.length - 1; unit += 1) rest /= 1024;
  return `${unit === 0 ? rest : rest.toFixed(rest < 10 ? 1 : 0)} ${units[unit]}`;
}

export function share(part, all) {
  if (all === 0) return "–";
  // Never rounded up to 100 %: one missing day of ten years has to show.
  const percent = Math.floor((part / all) * 10_000) / 100;
  return `${percent === 100 && part < all ? 99.99 : percent} %`;
}

export function hours(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1) return `${Math.max(0, Math.round(value * 60))} min`;
  return value < 48 ? `${value.toFixed(1)} h` : `${(value / 24).toFixed(1)} days`;
}

/** Of an axis in whole minutes, hours or days: "30 min", "6 h", "3 days". */
export const wholeHours = (value) => hours(value).replace(".0 ", " ");

export const time = (text) => (text ? text.replace("T", " ").replace(/:\d\dZ$|Z$/, " UTC") : "–");
export const dayOf = (text) => (text ? text.slice(0, 10) : "–");
export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : (many ?? `${one}s`)}`;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const monthName = (month) => MONTHS[month];
export const longDay = (day) => `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;

/** The overview's columns as a list of days, and those after them that are not due yet. */
export function listDays(columns, today) {
  if (!columns.first) return [];
  const days = [];
  let at = Date.parse(`${columns.first}T00:00:00Z`);
  const text = () => new Date(at).toISOString().slice(0, 10);
  for (let index = 0; index < columns.verdicts.length; index += 1, at += 86_400_000) {
    days.push({
      day: text(),
      letter: columns.verdicts[index],
      records: columns.records[index],
      bytes: columns.bytes[index],
      stored: columns.stored[index],
      revisions: columns.revisions[index],
      lag: columns.lag_hours[index],
    });
  }
  for (; text() <= today; at += 86_400_000) {
    days.push({ day: text(), letter: "O", records: 0, bytes: 0, stored: 0, revisions: 0, lag: null });
  }
  return days;
}
