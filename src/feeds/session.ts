import { type Feed, type FeedItem, sessionOrder } from "../scoring/feeds/merge-order.ts";

/** A user paging through one version of their feed. Everything that decides the order is in it. */
export type FeedSession = {
  /** The version. */
  readonly feedId: string;
  /** When it began, in ms. */
  readonly startedAt: number;
  /** For each item of the stored feed, a bit: whether it had been seen in the 24 h before. */
  readonly seen: Buffer;
  /** How many entries of the order were read, and how many items were shown. */
  readonly position: number;
  readonly shown: number;
};

/** The items of a stored feed, as their bits are numbered. */
export const storedItems = ({ posts, suggestions, questions }: Feed): FeedItem[] => [
  ...posts.map(({ id }): FeedItem => ({ kind: "post", id })),
  ...suggestions.map((id): FeedItem => ({ kind: "suggestion", id })),
  ...questions.map((id): FeedItem => ({ kind: "question", id })),
];

export const keyOf = ({ kind, id }: FeedItem): string => `${kind} ${id}`;

/** Starts a session. @param seen keys of items that were seen in the last 24 h. */
export function startSession(feedId: string, feed: Feed, seen: ReadonlySet<string>, now: Date): FeedSession {
  const items = storedItems(feed);
  const bits = Buffer.alloc(Math.ceil(items.length / 8));
  for (const [index, item] of items.entries())
    if (seen.has(keyOf(item))) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  return { feedId, startedAt: now.getTime(), seen: bits, position: 0, shown: 0 };
}

/** The order of a session: the same for each of its pages. */
export function orderOf(session: FeedSession, feed: Feed): FeedItem[] {
  const seen = new Set<string>();
  for (const [index, item] of storedItems(feed).entries())
    if (((session.seen[index >> 3] ?? 0) >> (index & 7)) & 1) seen.add(keyOf(item));
  return sessionOrder(feed, session.startedAt, (item) => seen.has(keyOf(item)));
}

const CURSOR = /^([1-9]\d{0,17})\.(\d{1,15})\.(\d{1,4})\.(\d{1,4})\.([A-Za-z0-9_-]{0,64})$/;

export const writeCursor = ({ feedId, startedAt, position, shown, seen }: FeedSession): string =>
  [feedId, startedAt, position, shown, seen.toString("base64url")].join(".");

/** @returns null for a text that is no cursor. */
export function readCursor(text: string): FeedSession | null {
  const [, feedId = "", startedAt, position, shown, seen = ""] = CURSOR.exec(text) ?? [];
  if (feedId === "") return null;
  return {
    feedId,
    startedAt: Number(startedAt),
    position: Number(position),
    shown: Number(shown),
    seen: Buffer.from(seen, "base64url"),
  };
}
