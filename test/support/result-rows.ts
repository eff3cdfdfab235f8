import { insertRow } from "./platform.ts";
import type { World } from "./world.ts";

/** Users with ids of the host, u-1 and so on, each with a profile. */
export async function people(world: World, count: number): Promise<string[]> {
  const users = await world.query<{ id: string }>(
    "insert into users (host_id, name) select 'u-' || n, 'Ada' from generate_series(1, $1::int) n returning id",
    [count],
  );
  const ids = users.map(({ id }) => id);
  await world.query("insert into profiles (user_id) select unnest($1::bigint[])", [ids]);
  return ids;
}

/** A version of pair lists in which everybody has everybody else, in the order of the ids. */
export async function pairLists(
  world: Pick<World, "query">,
  ids: readonly string[],
  state: string,
  score: number,
): Promise<string> {
  const [version] = await world.query<{ id: string }>(
    "insert into list_versions (area, algo_version, as_of, state) values ('pairs', 1, now(), $1) returning id",
    [state],
  );
  const id = version!.id;
  await world.query(
    "insert into pair_people (version, position, user_id) select $1, n - 1, u from unnest($2::bigint[]) with ordinality p(u, n)",
    [id, ids],
  );
  await world.query(
    `insert into pair_lists (version, user_id, tier, positions, scores, components, scored_at)
     select $1, u.id, 'A', array_agg(o.n - 1 order by o.n), array_agg($3::real), decode(repeat('ff', 6 * count(*)::int), 'hex'), '2026-01-01'
     from unnest($2::bigint[]) u(id) join unnest($2::bigint[]) with ordinality o(id, n) on o.id <> u.id group by u.id`,
    [id, ids, score],
  );
  return id;
}

/** A project with an id of the host. */
export async function hostProject(world: World, hostId: string, createdBy: string): Promise<string> {
  const organization = await insertRow(world, "organizations", { name: "Helpers" });
  const fields = { host_id: hostId, organization_id: organization.id, name: "Garden", created_by: createdBy };
  return (await insertRow(world, "projects", fields)).id;
}
