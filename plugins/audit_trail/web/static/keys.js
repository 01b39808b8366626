// Which keys signed which entries.
import { C, Digest, Rows, Section, h } from "./elements.js";
import { dayOf } from "./words.js";

function State({ item }) {
  if (item.revoked) return h(C.Badge, { colorPalette: "red", title: item.revoked.reason }, `revoked from entry ${item.revoked.from}`);
  if (item.last === null) return h(C.Badge, { colorPalette: "green" }, "signs now");
  return h(C.Badge, { colorPalette: "gray" }, "replaced");
}

export function Keys({ keys }) {
  const columns = [
    { name: "Algorithm", of: (item) => item.scheme },
    { name: "Key", of: (item) => h(Digest, { value: item.keyid, length: 12 }) },
    { name: "Entries", of: (item) => `${item.first} to ${item.last ?? "now"}` },
    { name: "Since", of: (item) => dayOf(item.first_at) },
    { name: "", of: (item) => h(State, { item }) },
  ];
  const rows = [...keys].reverse().map((item) => ({ ...item, key: item.keyid }));
  const revoked = keys.filter((item) => item.revoked);
  return h(
    Section,
    { title: "Keys", id: "audit-trail-keys" },
    h(Rows, { label: "Keys", columns, rows }),
    revoked.map((item) => h(C.Text, { key: item.keyid, fontSize: "sm", color: "fg.muted", mt: 2, overflowWrap: "anywhere" },
      `${item.keyid.slice(0, 12)}… revoked ${dayOf(item.revoked.at)}: ${item.revoked.reason}`)),
  );
}
