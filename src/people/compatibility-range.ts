import { sql } from "drizzle-orm";
import { z } from "zod";
import { endsOf, float4Array, int4Array, int8Array } from "../db/binary-arrays.ts";
import { firstEntries } from "../db/pair-entries.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope, userScope } from "../db/user-scope.ts";
import { keepVersion, openVersion, servedId, servedVersion } from "../db/versions.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import type { CompatibilityColumns, CompatibilityLists } from "../scoring/people/compatibility-lists.ts";
import { COMPATIBILITY_BYTES } from "../scoring/people/pair-bytes.ts";
import { pairOnThread, withPeople } from "./load-people.ts";
import type { CompatibilityInput } from "./pair.task.ts";
import { readReplaced } from "./person-facts.ts";
import { requireAlgorithm, waitForBuilding } from "./run-exclusion.ts";

/** Users, and the version that their lists are written to. */
const comparedUsers = z.object({
  version: z.string(),
  algoVersion: z.int(),
  users: userScope,
  /** How many of the pair lists are targets. */
  suggestions: z.int(),
  /** How many people one statement reads. */
  perStatement: z.int(),
});
type ComparedUsers = z.infer<typeof comparedUsers>;

/** A part of a run. `drop`: a version whose lists are deleted. */
export const compatibilityRange = z.union([
  /** Opens a version, of this version of the algorithm. */
  z.object({ open: z.int() }),
  comparedUsers,
  z.object({ drop: z.string(), users: userScope }),
]);
export type CompatibilityRange = z.infer<typeof compatibilityRange>;

/** Lists before they are stored. `pairs`: the version of the pair lists with their people. */
export type ComputedCompatibility = { readonly pairs: string; readonly found: CompatibilityLists };

/** Conversations with more participants do not count. */
const MAX_PARTICIPANTS = 10;
const RETRY_MS = 50;

/**
 * Computes a part of a run. Null where there is nothing to compute, or before there are pair lists.
 *
 * @throws AnotherVersion where this process has an earlier algorithm than the lists.
 */
export async function computeCompatibility(
  context: ComputeContext,
  range: CompatibilityRange,
): Promise<ComputedCompatibility | null> {
  if (!("suggestions" in range)) return null;
  const { version, algoVersion, users, suggestions, perStatement } = range;
  requireAlgorithm(range, context.settings.pairs.compatibilityAlgoVersion);
  const pairs = await context.read((tx) => servedVersion(tx, "pairs"));
  if (pairs === null) return null;
  return withPeople(context, pairs, { perStatement }, async ({ key, loaded, changes }) => {
    const { targets, replaced } = await context.read(async (tx) => ({
      targets: await readTargets(tx, version, users, suggestions),
      replaced: await readReplaced(tx, pairs.id, changes),
    }));
    const options = { algoVersion, asOf: pairs.asOf.getTime(), ...replaced };
    const input: CompatibilityInput = { key, loaded, targets, options };
    return {
      pairs: pairs.id,
      found: await pairOnThread<CompatibilityLists>(context, "compareUsers", input),
    };
  });
}

/**
 * The people whom the users of a scope are compared with: their matches, people whom they asked for access or
 * who asked them, people they talk to, and the first of their pair lists. A JSON array of CompatibilityRow.
 */
async function readTargets(tx: Tx, version: string, scope: UserScope, suggestions: number): Promise<string> {
  await tx.execute(sql`set local jit = off`);
  const of = (id: string) => inUserScope(sql.raw(id), scope);
  const [read] = await rows<{ targets: string }>(
    tx,
    sql`with related(user_id, other) as (
          select user_id, other_id from user_matches where ${of("user_id")}
          union select other_id, user_id from user_matches where ${of("other_id")}
          union select owner_id, viewer_id from profile_access where status in ('pending', 'granted') and ${of("owner_id")}
          union select viewer_id, owner_id from profile_access where status in ('pending', 'granted') and ${of("viewer_id")}
          union select a.user_id, b.user_id from chat_thread_participants a
            join chat_thread_participants b on b.thread_id = a.thread_id and b.user_id <> a.user_id
            where ${of("a.user_id")}
              and (select count(*) from chat_thread_participants c where c.thread_id = a.thread_id) <= ${MAX_PARTICIPANTS}
          union select s.user_id, s.candidate_id
            from (select c.user_id, c.candidate_id,
                         row_number() over (partition by c.user_id order by c.tier, c.score desc, c.candidate_id) as rank
                  from ${firstEntries(servedId("pairs"), sql`${suggestions}::int`, of("l.user_id"))} c) s
            where s.rank <= ${suggestions}),
        grouped as (
          select user_id, json_agg(other order by other) as others from related where other <> user_id group by user_id)
        select coalesce(json_agg(json_build_array(l.user_id, coalesce(g.others, '[]'::json), encode(s.inputs_hash, 'hex'))), '[]')::text as targets
        from pair_people l
        left join grouped g on g.user_id = l.user_id
        left join compatibility_lists s on s.version = ${version} and s.user_id = l.user_id
        where l.version = ${servedId("pairs")} and l.facts is not null and ${of("l.user_id")}`,
  );
  return read?.targets ?? "[]";
}

export type CompatibilityCounts = {
  readonly users: number;
  readonly pairs: number;
  readonly unchanged: number;
  readonly deleted: number;
};

const NOTHING: CompatibilityCounts = { users: 0, pairs: 0, unchanged: 0, deleted: 0 };

/**
 * Stores a part of a run.
 *
 * @returns null if the lists were computed for a version that has been replaced since.
 * @throws Snooze if other pair lists are served since: the people of those before are deleted after that, so
 *   some may have been missing.
 */
export async function storeCompatibility(
  { tx, now, runId, settings }: Pick<JobContext, "tx" | "now" | "runId" | "settings">,
  range: CompatibilityRange,
  computed: ComputedCompatibility | null,
): Promise<CompatibilityCounts | Record<string, never> | null> {
  if ("open" in range) {
    requireAlgorithm({ algoVersion: range.open }, settings.pairs.compatibilityAlgoVersion);
    await waitForBuilding(tx, "compatibility");
    await openVersion(tx, "compatibility", { algoVersion: range.open, asOf: now, servedLength: null }, runId);
    return {};
  }
  if ("drop" in range) {
    await tx.execute(
      sql`delete from compatibility_lists l where l.version = ${range.drop} and ${inUserScope(sql`l.user_id`, range.users)}`,
    );
    return NOTHING;
  }
  return computed === null ? NOTHING : storeLists({ tx, now }, range, computed);
}

/** Stores lists, and deletes those of users who have left. */
async function storeLists(
  { tx, now }: Pick<JobContext, "tx" | "now">,
  { version, users }: ComparedUsers,
  { pairs, found }: ComputedCompatibility,
): Promise<CompatibilityCounts | null> {
  if (!(await keepVersion(tx, version, ["building", "served"]))) return null;
  if ((await servedVersion(tx, "pairs"))?.id !== pairs)
    throw new Snooze(RETRY_MS, "another version of the pair lists is served");
  await writeLists(tx, version, found.lists, now);
  const deleted = await tx.execute(
    sql`delete from compatibility_lists l
        where l.version = ${version} and ${inUserScope(sql`l.user_id`, users)}
          and not exists (select 1 from pair_people p where p.version = ${servedId("pairs")} and p.user_id = l.user_id and p.facts is not null)`,
  );
  return {
    users: found.lists.userIds.length,
    pairs: found.pairs,
    unchanged: found.unchanged,
    deleted: deleted.rowCount ?? 0,
  };
}

async function writeLists(tx: Tx, version: string, lists: CompatibilityColumns, now: Date): Promise<void> {
  if (lists.userIds.length === 0) return;
  const bytes = sql.raw(String(COMPATIBILITY_BYTES));
  await tx.execute(sql`set local jit = off`);
  await tx.execute(
    sql`insert into compatibility_lists (version, user_id, target_ids, scores, components, inputs_hash, computed_at)
        select ${version}::bigint, n.user_id, a.ids[n.last - n.size + 1 : n.last], a.scores[n.last - n.size + 1 : n.last],
               substring(a.components from (n.last - n.size) * ${bytes} + 1 for n.size * ${bytes}),
               substring(a.hashes from (n.n::int - 1) * 8 + 1 for 8), ${now}::timestamptz
        from unnest(${sql.param(int8Array(lists.userIds))}::bigint[], ${sql.param(int4Array(lists.sizes))}::int[],
                    ${sql.param(int4Array(endsOf(lists.sizes)))}::int[]) with ordinality as n(user_id, size, last, n)
        cross join (select ${sql.param(int8Array(lists.targetIds))}::bigint[] as ids, ${sql.param(float4Array(lists.scores))}::real[] as scores,
                           ${sql.param(Buffer.from(lists.components))}::bytea as components, ${sql.param(Buffer.from(lists.hashes))}::bytea as hashes) a
        on conflict (version, user_id) do update set
          target_ids = excluded.target_ids, scores = excluded.scores, components = excluded.components,
          inputs_hash = excluded.inputs_hash, computed_at = excluded.computed_at`,
  );
}
