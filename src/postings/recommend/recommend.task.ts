import { keepLast } from "../../scoring/memoize.ts";
import { cosinesFor, type PairVectors } from "../../scoring/postings/recommend/cosine.ts";
import type { ClosedList } from "../../scoring/postings/recommend/diversity.ts";
import {
  type EmbeddedUserRow,
  postingText,
  userText,
} from "../../scoring/postings/recommend/embedding-text.ts";
import { rarityOf } from "../../scoring/postings/recommend/facts.ts";
import type { ListItem } from "../../scoring/postings/recommend/fill-list.ts";
import {
  type ListColumns,
  openListColumns,
  type TextColumn,
  textsAsColumn,
} from "../../scoring/postings/recommend/list-columns.ts";
import { packUser } from "../../scoring/postings/recommend/packed-user.ts";
import {
  buildPostingIndex,
  type OpenIndex,
  openIndex,
  type PostingIndex,
} from "../../scoring/postings/recommend/posting-index.ts";
import { type PostingRow, postingFacts, readUser } from "../../scoring/postings/recommend/read-facts.ts";
import { openBuffers, type SearchBuffers } from "../../scoring/postings/recommend/search-buffers.ts";
import { searchPostings } from "../../scoring/postings/recommend/search-postings.ts";
import { SKILLS } from "../../scoring/postings/skills/vocabulary.ts";

/** Thread task: the index of postings, given as JSON arrays of PostingRow. */
export const indexPostings = (pieces: readonly string[]): PostingIndex =>
  buildPostingIndex(
    pieces.flatMap((piece) => (JSON.parse(piece) as PostingRow[]).map(postingFacts)),
    SKILLS.length,
  );

/** A text that is sent to the endpoint of embeddings. */
export type SentText = { readonly id: number; readonly text: string };

/** Thread task: the texts that are sent of postings, given as a JSON array of PostingRow. */
export const textsOfPostings = (postings: string): SentText[] =>
  (JSON.parse(postings) as PostingRow[]).map((row) => ({ id: row.id, text: postingText(row) }));

/**
 * Thread task: the texts that are sent of users, given as a JSON array of EmbeddedUserRow. Those without a
 * text are left out.
 */
export const textsOfUsers = (users: string): SentText[] =>
  (JSON.parse(users) as EmbeddedUserRow[])
    .map((row) => ({ id: row.id, text: userText(row) }))
    .filter(({ text }) => text !== "");

/** Weights of all skills, from the number of postings that name each. */
export function weighSkills({ bySkill, ids }: Pick<PostingIndex, "bySkill" | "ids">): Uint8Array {
  const { starts } = bySkill;
  return Uint8Array.from(SKILLS, (_, skill) =>
    rarityOf((starts[skill + 1] as number) - (starts[skill] as number), ids.length),
  );
}

/** The rows of a user, and their stored list. */
export type RangeUser = EmbeddedUserRow & {
  /** Whether the CV has a text that was not read: it is read only for a user who states no skill. */
  readonly hasUnreadText: boolean;
  /** Whether the stored list was computed from the current facts. */
  readonly isUnchanged: boolean;
};

export type RangeInput = {
  /** The key under which threads cache the index and the weights. */
  readonly key: string;
  readonly index: PostingIndex;
  readonly rarity: Uint8Array;
  /** A JSON array of RangeUser. */
  readonly users: string;
  /** In milliseconds. */
  readonly asOf: number;
  /** Of users who let their text be sent. Null for the formula without embeddings. */
  readonly vectors: PairVectors | null;
};

/** Lists, and for each user the facts that the list was computed from (`packUser`). */
export type ListsWithFacts = ListColumns & { readonly facts: TextColumn };

export type RangeResult = {
  /** By the formula without embeddings. */
  readonly lists: ListsWithFacts;
  /** By the formula with embeddings. */
  readonly semanticLists: ListsWithFacts;
  /**
   * Users whose stored list stays: the new one is empty, and the stored one was computed from the same facts.
   */
  readonly kept: number;
  /** Users whose CV has to be read with its text. */
  readonly unread: readonly number[];
  readonly failures: readonly { readonly userId: number; readonly error: string }[];
};

type OpenSearch = { readonly open: OpenIndex; buffers: SearchBuffers };

const openSearch = keepLast(({ index, rarity }: RangeInput): OpenSearch => {
  const open = openIndex(index, rarity);
  return { open, buffers: openBuffers(open) };
});

/** A list that was computed for a user. */
type UserList = {
  readonly list: ClosedList<ListItem>;
  readonly isSemantic: boolean;
  readonly facts: string;
};

/**
 * Thread task: the lists of a range of users. A user for whom this fails is reported, and does not stop the
 * others.
 */
export function recommendToUsers(input: RangeInput): RangeResult {
  const opened = openSearch(input);
  const rows = JSON.parse(input.users) as RangeUser[];
  const lists = openLists(rows.length);
  const semanticLists = openLists(input.vectors === null ? 0 : rows.length);
  const unread: number[] = [];
  const failures: { userId: number; error: string }[] = [];
  let kept = 0;
  for (const row of rows) {
    try {
      const found = listFor(opened, row, input);
      if (found === "unread") unread.push(row.id);
      else if (found.list.items.length === 0 && row.isUnchanged) kept += 1;
      else (found.isSemantic ? semanticLists : lists).add(row.id, found);
    } catch (error) {
      failures.push({ userId: row.id, error: error instanceof Error ? error.message : String(error) });
      // The failed search may have left its buffers in any state.
      opened.buffers = openBuffers(opened.open);
    }
  }
  return { lists: lists.end(), semanticLists: semanticLists.end(), kept, unread, failures };
}

/** The list of a user; "unread" when the text of the CV is needed. */
function listFor(
  { open, buffers }: OpenSearch,
  row: RangeUser,
  { asOf, vectors }: RangeInput,
): UserList | "unread" {
  const user = readUser(row);
  if (user.skills.length === 0 && row.hasUnreadText) return "unread";
  const cosines = vectors && row.embeddingsAllowed ? cosinesFor(vectors, row.id) : null;
  const list = searchPostings(open, buffers, user, { asOf, cosines });
  return { list, isSemantic: cosines !== null, facts: packUser(user) };
}

/** Lists with the facts of their users, at most a number of them. */
function openLists(count: number) {
  const columns = openListColumns(count);
  const facts: string[] = [];
  return {
    add(userId: number, found: UserList): void {
      columns.add(userId, found.list);
      facts.push(found.facts);
    },
    end: (): ListsWithFacts => ({ ...columns.end(), facts: textsAsColumn(facts) }),
  };
}
