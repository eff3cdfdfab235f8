import type { Queryable } from "../db/statement.ts";
import { readComponents } from "../scoring/postings/recommend/components.ts";
import { readUser } from "../scoring/postings/recommend/read-facts.ts";
import { DAY, exclusionOf } from "../scoring/postings/recommend/score-posting.ts";
import { type ServedEntry, type StoredEntry, serveList } from "../scoring/postings/serve-list.ts";
import type { ApplicationStatus } from "./feedback.ts";
import { type RankedColumns, type RankedPosting, readRankedPostings } from "./ranked-postings.ts";
import { readStoredLists, type StoredListRow } from "./stored-lists.ts";

/** How long after it was computed a recommendation expires. */
const EXPIRES_AFTER_MS = 3 * DAY;

/** A posting that is recommended to a user. */
export type Recommended = StoredEntry & {
  readonly posting: RankedPosting;
  /** The status that the user gave it; null: none. */
  readonly status: ApplicationStatus | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** The recommendations that are served to a user. */
export type ServedList = {
  /** The instant that the scores were computed for. */
  readonly asOf: Date;
  readonly items: readonly ServedEntry<Recommended>[];
};

/**
 * The recommendations of users, by their id, best first, in their current state: open, not expired, and with
 * all feedback applied. Two statements, however many users. A user without a stored list is missing.
 */
export async function readServedLists(
  on: Queryable,
  userIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, ServedList>> {
  const lists = await readStoredLists(on, userIds, now);
  const wanted = lists.flatMap((list) => list.ids.filter((_, at) => isShown(list, at, now)));
  const postings = await readRankedPostings(on, [...new Set(wanted)], now, columnsFor(lists));
  return new Map(lists.map((list) => [list.userId, servedOf(list, postings, now)]));
}

/** The recommendations of one user; null without a stored list. */
export const readServedList = async (on: Queryable, userId: string, now: Date): Promise<ServedList | null> =>
  (await readServedLists(on, [userId], now)).get(userId) ?? null;

/** The facts needed to apply profiles that lists have not applied yet. */
function columnsFor(lists: readonly StoredListRow[]): RankedColumns {
  const profiles = lists.flatMap(({ profile }) => profile ?? []);
  if (profiles.length === 0) return "rank";
  return profiles.some(({ excludedKeywords }) => excludedKeywords.length > 0) ? "facts-and-text" : "facts";
}

const expiryOf = ({ createdAt }: StoredListRow, at: number): Date =>
  new Date((createdAt[at] as number) * 1_000 + EXPIRES_AFTER_MS);

const isShown = (list: StoredListRow, at: number, now: Date): boolean => {
  const status = list.statuses.get(list.ids[at] as string);
  return expiryOf(list, at) > now && (status === undefined || status === "saved");
};

function servedOf(list: StoredListRow, postings: ReadonlyMap<string, RankedPosting>, now: Date): ServedList {
  const user = readUser({
    id: Number(list.userId),
    parsedContent: {},
    rawText: null,
    profile: list.profile,
    hidden: [],
    dismissals: list.dismissals,
    liked: [],
    seen: list.seen,
  });
  const asOf = list.asOf.getTime();
  const entries = list.ids.flatMap((id, at): Recommended[] => {
    const posting = postings.get(id);
    if (posting === undefined || !isShown(list, at, now)) return [];
    if (posting.cluster !== null && list.hiddenClusters.has(posting.cluster)) return [];
    const { facts } = posting;
    if (list.profile !== null && facts !== null && exclusionOf(user, facts, asOf) !== null) return [];
    return [
      {
        id: Number(id),
        score: list.scores[at] as number,
        components: readComponents(list.components, at),
        cluster: posting.cluster,
        company: posting.company,
        title: posting.title,
        posting,
        status: list.statuses.get(id) ?? null,
        createdAt: new Date((list.createdAt[at] as number) * 1_000),
        expiresAt: expiryOf(list, at),
      },
    ];
  });
  return { asOf: list.asOf, items: serveList(entries, user) };
}
