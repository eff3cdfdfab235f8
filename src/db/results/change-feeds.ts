import { type SQL, sql } from "drizzle-orm";
import { knownId, type ResultView } from "./result-view.ts";
import { RESULT_VIEWS } from "./views.ts";

// Maps changes to feeds. The triggers that record changes are in drizzle/; this file defines what their keys
// refer to.

/** A change feed: the rows of one view of results, in portions that are replaced together. */
export type ChangeFeed = {
  readonly view: ResultView;
  /** The column that all rows of a portion have in common: the id of a user, project, post or file. */
  readonly key: string;
  /** SQL: each of those, as `t`. */
  readonly subjects: "users" | "projects" | "posts" | "media";
  /** The sources whose keys are ours of these. */
  readonly own: readonly string[];
  /** The sources whose keys are other users in the rows, and SQL for the subjects of those rows. */
  readonly naming: Readonly<Record<string, (keys: SQL) => SQL>>;
  /** The sources that may change as a whole. */
  readonly whole: readonly string[];
};

const OF_USERS = { key: "user_id", subjects: "users", naming: {}, whole: [] } as const;

const byAuthor = {
  people: (keys: SQL) => sql`select p.id from posts p where p.author_id = any(${keys})`,
};

type Declared = Omit<ChangeFeed, "view">;

const FEEDS: Readonly<Record<string, Declared>> = {
  job_recommendations: {
    ...OF_USERS,
    own: ["recommendation_lists", "people"],
    naming: {
      postings: (keys) => sql`select l.user_id from recommendation_lists l where l.posting_ids && ${keys}`,
    },
  },
  match_scores: {
    ...OF_USERS,
    own: ["pair_lists", "blocks", "people"],
    naming: {
      people: (keys) => sql`
        select l.user_id from list_versions v
        cross join lateral (select array_agg(p.position) as positions from pair_people p where p.version = v.id and p.user_id = any(${keys})) n
        cross join lateral (
          select p.user_id from pair_lists p where p.version = v.id and p.positions && n.positions
          union
          select o.user_id from pair_entries e cross join lateral unnest(e.lists, e.candidates) as i(list, candidate)
          join pair_people o on o.version = v.id and o.position = i.list / 2
          where e.version = v.id and e.candidates && n.positions and i.candidate = any(n.positions)) l
        where v.area = 'pairs' and v.state = 'served'`,
    },
    whole: ["pair_lists", "words"],
  },
  user_compatibility: {
    ...OF_USERS,
    own: ["compatibility_lists", "blocks", "people"],
    naming: {
      people: (keys) => sql`
        select l.user_id from list_versions v join compatibility_lists l on l.version = v.id and l.target_ids && ${keys}
        where v.area = 'compatibility' and v.state = 'served'`,
    },
    whole: ["compatibility_lists"],
  },
  profile_search_index: { ...OF_USERS, own: ["profile_search_index", "people"] },
  searchable_users: { ...OF_USERS, own: ["searchable_users", "people"] },
  interest_user_set: { ...OF_USERS, own: ["interest_user_set", "people"], whole: ["words"] },
  interest_subject_user_set: {
    ...OF_USERS,
    own: ["interest_subject_user_set", "people"],
    whole: ["words"],
  },
  user_traits: { ...OF_USERS, own: ["user_traits", "people"], whole: ["user_traits", "words"] },
  user_affinity_profiles: {
    ...OF_USERS,
    own: ["user_affinity_profiles", "people"],
    naming: {
      people: (keys) => sql`select f.user_id from user_affinity_profiles f where f.creator_ids && ${keys}`,
    },
  },
  volunteer_initiative_matches: {
    key: "project_id",
    subjects: "projects",
    own: ["volunteer_initiative_matches", "projects"],
    naming: {
      people: (keys) =>
        sql`select m.project_id from volunteer_initiative_matches m where m.volunteer_id = any(${keys})`,
    },
    whole: ["words"],
  },
  post_features: {
    key: "post_id",
    subjects: "posts",
    own: ["post_features", "posts"],
    naming: byAuthor,
    whole: [],
  },
  trending_scores: {
    key: "post_id",
    subjects: "posts",
    own: ["trending_scores", "posts"],
    naming: byAuthor,
    whole: [],
  },
  media: {
    key: "id",
    subjects: "media",
    own: ["media"],
    naming: { people: (keys) => sql`select m.id from media m where m.owner_id = any(${keys})` },
    whole: [],
  },
};

/** The feeds by the names of their views. */
export const CHANGE_FEEDS: ReadonlyMap<string, ChangeFeed> = new Map(
  RESULT_VIEWS.flatMap((view) => {
    const declared = FEEDS[view.name];
    return declared === undefined ? [] : [[view.name, { view, ...declared }]];
  }),
);

/** Every source that concerns a feed. */
export const changeSourcesOf = ({ own, naming, whole }: ChangeFeed): string[] => [
  ...new Set([...own, ...Object.keys(naming), ...whole]),
];

/** SQL: the id by which a host knows subject `t`. */
export const KNOWN = sql.raw(knownId("t"));

/** SQL: the subjects of a feed, as `t`. */
export const subjectsOf = ({ subjects }: ChangeFeed): SQL => sql.raw(`${subjects} t`);

/**
 * SQL: the rows of a feed, as `r`. Not read from the view, which is only there where `migrate` may create it.
 */
export const rowsOf = ({ view: { columns, select } }: ChangeFeed): SQL =>
  sql.raw(`(${select}) as r(${Object.keys(columns).join(", ")})`);
