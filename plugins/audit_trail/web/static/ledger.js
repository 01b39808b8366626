// The ledger's head against what is remembered outside the bucket, and the locks.
import { C, Digest, Facts, Section, h } from "./elements.js";
import { bytes, count, dayOf, plural, time } from "./words.js";

const PINS = {
  extends: { palette: "green", says: (pin) => `extends the head remembered outside the bucket, entry ${pin.head.sequence}` },
  absent: { palette: "yellow", says: () => "no head is remembered where the API server looks" },
  unreadable: { palette: "purple", says: () => "could not be compared: what is remembered outside the bucket cannot be read" },
  violated: { palette: "red", says: () => "is not the ledger remembered outside the bucket" },
};
const PLACES = { file: "a file in the home folder", "airflow-variable": "an Airflow Variable", ssm: "AWS Systems Manager" };

function PinState({ pin }) {
  const state = PINS[pin.state];
  return h(C.Flex, { gap: 2, align: "center", wrap: "wrap", mb: 3 },
    h(C.Badge, { colorPalette: state.palette, variant: "solid" }, pin.state === "extends" ? "pinned" : pin.state),
    h(C.Text, { fontSize: "sm" }, `The ledger ${pin.state === "absent" ? "is compared with nothing: " : ""}${state.says(pin)}.`));
}

export function Ledger({ archive }) {
  const { head, pin, policy, locks } = archive;
  const absent = pin.state === "absent";
  return h(
    Section,
    { title: "Ledger and locks", id: "audit-trail-ledger" },
    h(PinState, { pin }),
    absent && h(C.Text, { fontSize: "sm", color: "fg.muted", mb: 3 },
      `It is kept in ${PLACES[pin.kind]}. Where the workers have another home than the API server, set pin to airflow-variable or ssm:/NAME.`),
    h(Facts, { items: [
      ["Head", h(C.Flex, { gap: 2, wrap: "wrap", align: "center" }, `entry ${head.sequence} of ${time(head.at)}`, h(Digest, { value: head.sha256 }))],
      ["Identity (genesis)", h(Digest, { value: archive.archive.genesis })],
      ["Remembered in", PLACES[pin.kind]],
      ["Time-stamp tokens", archive.tokens ? `${plural(archive.tokens, "token")}, checked by verification` : "none"],
      ["Promised lock", `${policy.lock_mode}, ${plural(policy.retain_days, "day")}`],
      ["Locked objects", `${count(locks.objects)} of ${bytes(locks.stored_bytes)}, ${Object.entries(locks.modes).map(([mode, number]) => `${count(number)} ${mode}`).join(", ") || "none"}`],
      ["Next lock to end", locks.next_end ? `${dayOf(locks.next_end.at)}, of ${locks.next_end.day}` : "–"],
      ["Locks that have ended", count(locks.expired)],
      ["Signed by", policy.algorithms.join(" and ")],
      ["Storage class of segments", archive.archive.storage_class],
    ] }),
  );
}
