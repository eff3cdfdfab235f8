import { sql } from "drizzle-orm";
import type { ListRef } from "../config/postings.ts";
import { lockKey } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";
import type { CleanPosting } from "../ports/postings/clean-posting.ts";
import { EMPLOYER_SOURCES } from "../ports/postings/index.ts";
import type { Comparable } from "../scoring/postings/find-copies.ts";
import { linkKey } from "../scoring/postings/posting-link.ts";
import { joinClusters, type Membership } from "./clusters.ts";
import { type PreparedPosting, preparePosting } from "./content.ts";
import { findByLink, finderFor } from "./find-originals.ts";
import { insertSightings, type NewSighting } from "./sightings.ts";
import { insertPostings, type Replacement, replacePostings, type ToInsert } from "./write-postings.ts";

export type Stored = {
  readonly stored: number;
  /** Copies of postings that were stored already, or of others in the same list. */
  readonly duplicates: number;
};

/**
 * Stores postings that their source has not listed before. One with the address of a stored posting (level 2)
 * is the same posting; one with the same content key or a similar text (levels 3 and 4) is stored as a copy,
 * in the cluster of its original.
 */
export async function storePostings(
  tx: Tx,
  list: ListRef,
  postings: readonly CleanPosting[],
  now: Date,
): Promise<Stored> {
  if (postings.length === 0) return { stored: 0, duplicates: 0 };
  // Two lists may contain the same posting: the second must see the one that the first has stored.
  await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(lockKey("store-postings"))})`);
  const prepared = postings.map(preparePosting);
  const links = await resolveLinks(tx, list, prepared);
  const copies = await findCopies(tx, links.remaining);
  const ids = await insertPostings(tx, list.source, copies.toInsert, now);
  await replacePostings(tx, list.source, links.replacements, now);
  await joinClusters(tx, membersOf(copies, ids), now);
  const sightings = copies.toInsert.map(({ prepared: each }) =>
    sightingOf(each, ids.get(each.posting.sourceId)),
  );
  await insertSightings(tx, list, [...links.sightings, ...sightings, ...links.inList(ids)], now);
  const stored = copies.toInsert.filter(({ isCopy }) => !isCopy).length;
  return { stored, duplicates: postings.length - stored };
}

type Links = {
  /** Sightings of postings that were stored from elsewhere. */
  readonly sightings: readonly NewSighting[];
  /** Those of them whose content is now that of the employer's own board. */
  readonly replacements: readonly Replacement[];
  /** Postings with a link of their own, each link once, in whatever spelling. */
  readonly remaining: readonly PreparedPosting[];
  /** Sightings of the others, whose posting is in the same list. */
  inList(ids: ReadonlyMap<string, string>): NewSighting[];
};

/** Level 2: the same address. */
async function resolveLinks(
  tx: Tx,
  { source }: ListRef,
  prepared: readonly PreparedPosting[],
): Promise<Links> {
  const known = await findByLink(tx, prepared);
  const first = new Map<string, PreparedPosting>();
  const sightings: NewSighting[] = [];
  const replacements = new Map<string, Replacement>();
  const repeated: { each: PreparedPosting; original: PreparedPosting }[] = [];
  for (const each of prepared) {
    const key = linkKey(each.posting.link);
    const stored = known.get(key);
    const original = first.get(key);
    if (stored !== undefined) {
      sightings.push(sightingOf(each, stored.id));
      if (isPreferredTo(source, stored.source) && !replacements.has(stored.id))
        replacements.set(stored.id, { postingId: stored.id, prepared: each });
    } else if (original !== undefined) repeated.push({ each, original });
    else first.set(key, each);
  }
  return {
    sightings,
    replacements: [...replacements.values()],
    remaining: [...first.values()],
    inList: (ids) =>
      repeated.map(({ each, original }) => sightingOf(each, ids.get(original.posting.sourceId))),
  };
}

/** Content of the host or another employer's board stays. */
const isPreferredTo = (source: string, stored: string): boolean =>
  EMPLOYER_SOURCES.includes(source) && stored !== "host" && !EMPLOYER_SOURCES.includes(stored);

type Copies = {
  readonly toInsert: readonly ToInsert[];
  /** The original of each copy: a stored posting, or one of the list by its id there. */
  readonly originals: ReadonlyMap<string, string>;
};

/** The prefix of the ids of postings that are not stored yet. */
const IN_LIST = "in-list:";

/** Levels 3 and 4: the same content, or a similar text. */
async function findCopies(tx: Tx, prepared: readonly PreparedPosting[]): Promise<Copies> {
  const finder = await finderFor(tx, prepared);
  const originals = new Map<string, string>();
  const toInsert = prepared.map((each): ToInsert => {
    const comparable = comparableOf(each);
    const copy = finder.find(comparable, each.buckets);
    if (copy === null)
      return { prepared: each, isCopy: false, buckets: finder.add(comparable, each.buckets) };
    finder.addCopy(comparable, copy.of);
    originals.set(each.posting.sourceId, copy.of);
    return { prepared: each, isCopy: true, buckets: [] };
  });
  return { toInsert, originals };
}

const comparableOf = ({ posting, keys }: PreparedPosting): Comparable => ({
  id: IN_LIST + posting.sourceId,
  description: posting.description,
  ...keys,
});

const membersOf = ({ originals }: Copies, ids: ReadonlyMap<string, string>): Membership[] =>
  [...originals].map(([sourceId, original]) => ({
    postingId: idIn(ids, sourceId),
    cluster: original.startsWith(IN_LIST) ? idIn(ids, original.slice(IN_LIST.length)) : original,
  }));

function idIn(ids: ReadonlyMap<string, string>, sourceId: string): string {
  const id = ids.get(sourceId);
  if (id === undefined) throw new Error("a posting that was inserted has no id");
  return id;
}

function sightingOf({ posting }: PreparedPosting, postingId: string | undefined): NewSighting {
  if (postingId === undefined) throw new Error("a sighting has no posting");
  return { sourceId: posting.sourceId, postingId, contentHash: posting.contentHash };
}
