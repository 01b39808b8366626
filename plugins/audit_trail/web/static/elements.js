// React without JSX, and the few shapes that all parts of the page share.
export const React = globalThis.React;
export const C = globalThis.ChakraUI;
export const Router = globalThis.ReactRouterDOM;
export const h = React.createElement;

/** A titled part of the page; `extra` stands at the right of the title. */
export function Section({ title, extra, children, id }) {
  return h(
    C.Box,
    { as: "section", "aria-labelledby": id, mb: 4, borderWidth: 1, borderRadius: "lg", bg: "bg", overflow: "hidden" },
    h(
      C.Flex,
      { align: "center", justify: "space-between", wrap: "wrap", gap: 2, px: 4, py: 2.5, borderBottomWidth: 1 },
      h(C.Heading, { as: "h2", id, size: "sm" }, title),
      extra,
    ),
    h(C.Box, { p: 4 }, children),
  );
}

/** Name and value pairs, as wide as there is room for. */
export function Facts({ items, columns }) {
  return h(
    C.SimpleGrid,
    { as: "dl", columns: columns ?? { base: 1, md: 2 }, columnGap: 6, rowGap: 3 },
    items.map(([name, value]) =>
      h(
        C.Box,
        { key: name, minW: 0 },
        h(C.Text, { as: "dt", fontSize: "xs", color: "fg.muted" }, name),
        h(C.Box, { as: "dd", fontSize: "sm", overflowWrap: "anywhere" }, value),
      ),
    ),
  );
}

/** A digest: its beginning, and all of it for whoever points at it or copies it. */
export function Digest({ value, length = 16 }) {
  if (!value) return "–";
  const short = value.length > length ? `${value.slice(0, length)}…` : value;
  return h(
    C.Code,
    { title: value, fontSize: "xs", variant: "surface", tabIndex: 0, "aria-label": value, onCopy: (event) => {
      event.clipboardData.setData("text/plain", value);
      event.preventDefault();
    } },
    short,
  );
}

/** A table in a box that scrolls sideways where the screen is narrow. */
export function Rows({ label, columns, rows, empty }) {
  if (rows.length === 0) return h(C.Text, { fontSize: "sm", color: "fg.muted" }, empty ?? "None.");
  return h(
    C.Box,
    { overflowX: "auto", tabIndex: 0, role: "region", "aria-label": label },
    h(
      C.Table.Root,
      { size: "sm", "aria-label": label },
      h(C.Table.Header, null, h(C.Table.Row, null, columns.map((column) => h(
        C.Table.ColumnHeader,
        { key: column.name, textAlign: column.number ? "end" : "start", whiteSpace: "nowrap" },
        column.name,
      )))),
      h(C.Table.Body, null, rows.map((row, index) => h(
        C.Table.Row,
        { key: row.key ?? index },
        columns.map((column) => h(
          C.Table.Cell,
          {
            key: column.name,
            textAlign: column.number ? "end" : "start",
            whiteSpace: column.wrap ? "normal" : "nowrap",
            overflowWrap: column.wrap ? "anywhere" : undefined,
            minW: column.wrap ? "12rem" : undefined,
            fontVariantNumeric: "tabular-nums",
          },
          column.of(row),
        )),
      ))),
    ),
  );
}

/** A day to be chosen. */
export function DayField({ label, value, onChange, max }) {
  return h(C.Field.Root, null, h(C.Field.Label, { fontSize: "sm" }, label),
    h(C.Input, { type: "date", size: "sm", value, max, onChange: (event) => onChange(event.target.value) }));
}

/** Something went wrong, or something is to be known. */
export function Notice({ status, title, children }) {
  return h(
    C.Alert.Root,
    { status, variant: "outline", mb: 4, bg: "bg", alignItems: "flex-start", role: status === "error" ? "alert" : "status" },
    h(C.Alert.Indicator),
    h(C.Alert.Content, { minW: 0 }, h(C.Alert.Title, null, title), h(C.Alert.Description, { overflowWrap: "anywhere" }, children)),
  );
}

/** What the server said went wrong: what, where, expected, found, and what to do. */
export function Problem({ problem, status = "error" }) {
  const parts = ["where", "expected", "found"].filter((name) => problem[name]);
  return h(
    Notice,
    { status, title: capital(problem.what) },
    parts.map((name) => h(C.Text, { key: name, fontSize: "sm" }, `${capital(name)}: ${problem[name]}`)),
    problem.remedy && h(C.Text, { fontSize: "sm", fontWeight: "medium", mt: 1 }, `What to do: ${problem.remedy}`),
  );
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A link inside Airflow. */
export function To({ to, children }) {
  return h(C.Link, { asChild: true, color: "fg.info" }, h(Router.Link, { to }, children));
}
