/** A place among the changes, in the order of transactions: behind the change with this id. */
export type Place = {
  readonly xid: string;
  readonly id: string;
  /** When what lies behind was noted, in ms: older changes than those that are kept may be missing. */
  readonly at: number;
};

/** Where the reader of a change feed has come to. */
export type ChangeCursor =
  /** The feed was opened: no change is missing once every transaction before this one has ended. */
  | { readonly kind: "opened"; readonly xid: string }
  /** All rows are read, in the order of their keys; changes from a place on follow. */
  | { readonly kind: "snapshot"; readonly from: Place; readonly after: string | null }
  /** Changes behind a place. */
  | { readonly kind: "changes"; readonly from: Place }
  /** Some of the changes up to `to`: their keys up to `after` were read. */
  | { readonly kind: "group"; readonly from: Place; readonly to: Place; readonly after: string };

const textOf = (key: string): string => Buffer.from(key, "utf8").toString("base64url");
const keyOf = (text: string): string => Buffer.from(text, "base64url").toString("utf8");
const placeText = ({ xid, id, at }: Place): string => `${xid}.${id}.${at}`;

export function writeChangeCursor(cursor: ChangeCursor): string {
  switch (cursor.kind) {
    case "opened":
      return `o.${cursor.xid}`;
    case "snapshot":
      return `s.${placeText(cursor.from)}.${cursor.after === null ? "" : `k${textOf(cursor.after)}`}`;
    case "changes":
      return `c.${placeText(cursor.from)}`;
    case "group":
      return `g.${placeText(cursor.from)}.${placeText(cursor.to)}.k${textOf(cursor.after)}`;
  }
}

const PLACE = String.raw`(\d{1,19})\.(\d{1,18})\.(\d{1,15})`;
const KEY = "k([A-Za-z0-9_-]{0,3700})";
const FORMS = {
  opened: /^o\.(\d{1,19})$/,
  snapshot: new RegExp(`^s\\.${PLACE}\\.(?:${KEY})?$`),
  changes: new RegExp(`^c\\.${PLACE}$`),
  group: new RegExp(`^g\\.${PLACE}\\.${PLACE}\\.${KEY}$`),
};

const placeOf = ([xid = "", id = "", at = ""]: readonly (string | undefined)[]): Place => ({
  xid,
  id,
  at: Number(at),
});

/** @returns null for a text that is no cursor. */
export function readChangeCursor(text: string): ChangeCursor | null {
  const opened = FORMS.opened.exec(text);
  if (opened) return { kind: "opened", xid: opened[1] as string };
  const snapshot = FORMS.snapshot.exec(text);
  if (snapshot) {
    const after = snapshot[4];
    return {
      kind: "snapshot",
      from: placeOf(snapshot.slice(1)),
      after: after === undefined ? null : keyOf(after),
    };
  }
  const changes = FORMS.changes.exec(text);
  if (changes) return { kind: "changes", from: placeOf(changes.slice(1)) };
  const group = FORMS.group.exec(text);
  if (group)
    return {
      kind: "group",
      from: placeOf(group.slice(1)),
      to: placeOf(group.slice(4)),
      after: keyOf(group[7] as string),
    };
  return null;
}
