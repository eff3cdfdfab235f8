/** A position in the order of transactions: after the change with this id. */
export type Position = {
  readonly xid: string;
  readonly id: string;
  /** When the position was reached, in ms: once changes of that age are deleted, some may be missing. */
  readonly at: number;
};

/** How far a reader of a change feed has read. */
export type ChangeCursor =
  /** The feed was opened: no change is missing once every transaction before this one has ended. */
  | { readonly kind: "opened"; readonly xid: string }
  /** All rows are read, in the order of their keys; the changes after a position follow. */
  | { readonly kind: "snapshot"; readonly from: Position; readonly after: string | null }
  /** The changes after a position. */
  | { readonly kind: "changes"; readonly from: Position }
  /** Some of the changes up to `to`: their keys up to `after` were read. */
  | { readonly kind: "group"; readonly from: Position; readonly to: Position; readonly after: string };

const textOf = (key: string): string => Buffer.from(key, "utf8").toString("base64url");
const keyOf = (text: string): string => Buffer.from(text, "base64url").toString("utf8");
const positionText = ({ xid, id, at }: Position): string => `${xid}.${id}.${at}`;

export function writeChangeCursor(cursor: ChangeCursor): string {
  switch (cursor.kind) {
    case "opened":
      return `o.${cursor.xid}`;
    case "snapshot":
      return `s.${positionText(cursor.from)}.${cursor.after === null ? "" : `k${textOf(cursor.after)}`}`;
    case "changes":
      return `c.${positionText(cursor.from)}`;
    case "group":
      return `g.${positionText(cursor.from)}.${positionText(cursor.to)}.k${textOf(cursor.after)}`;
  }
}

const POSITION = String.raw`(\d{1,19})\.(\d{1,18})\.(\d{1,15})`;
const KEY = "k([A-Za-z0-9_-]{0,3700})";
const FORMS = {
  opened: /^o\.(\d{1,19})$/,
  snapshot: new RegExp(`^s\\.${POSITION}\\.(?:${KEY})?$`),
  changes: new RegExp(`^c\\.${POSITION}$`),
  group: new RegExp(`^g\\.${POSITION}\\.${POSITION}\\.${KEY}$`),
};

const positionOf = ([xid = "", id = "", at = ""]: readonly (string | undefined)[]): Position => ({
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
      from: positionOf(snapshot.slice(1)),
      after: after === undefined ? null : keyOf(after),
    };
  }
  const changes = FORMS.changes.exec(text);
  if (changes) return { kind: "changes", from: positionOf(changes.slice(1)) };
  const group = FORMS.group.exec(text);
  if (group)
    return {
      kind: "group",
      from: positionOf(group.slice(1)),
      to: positionOf(group.slice(4)),
      after: keyOf(group[7] as string),
    };
  return null;
}
