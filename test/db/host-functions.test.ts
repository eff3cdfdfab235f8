import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { HOST_EVENT_TYPES, OWN_EVENT_TYPES } from "../../src/events/host-event-types.ts";
import { cli } from "../support/cli.ts";
import { hoursAgo, member } from "../support/feeds.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

/** A deployment with roles, and a connection of the host, which has what `grants --print` gives it. */
async function deployed() {
  const database = await scratchDatabase();
  const { app } = await deployWithRoles(database);
  const host = await database.createRole();
  const environment = { DATABASE_URL: app.databaseUrl, DB_SCHEMA: app.databaseSchema };
  const printed = await cli(environment, "grants", "--print", "--to", host.name);
  expect(printed).toMatchObject({ code: 0, err: "" });
  // It can be run again.
  await database.query(printed.out);
  await database.query(printed.out);
  const world = await createWorld({ database: app });
  const client = new pg.Client({ connectionString: host.url });
  await client.connect();
  onTestFinished(() => client.end());
  await database.query(`grant create on database ${new URL(host.url).pathname.slice(1)} to ${host.name}`);
  const schema = app.databaseSchema;
  const call = async (text: string, params: unknown[] = []) =>
    (await client.query(`select ${schema}.${text} as id`, params)).rows[0].id as string;
  return { world, client, schema, call, role: host.name };
}

const entries = async (world: World) =>
  (await world.enqueued()).map(({ job, payload }) => ({ job, payload: payload as Record<string, unknown> }));

describe("emit and enqueue in SQL", () => {
  it("append to the outbox in the host's transaction, with no other right than to execute them", async () => {
    const { world, client, schema, call, role } = await deployed();
    await client.query("begin");
    await call(
      "emit('invoice.paid', '{\"n\": 1}', actor => $1, occurred_at => '2026-05-01T12:00:00+02:00')",
      ["ada"],
    );
    await client.query("savepoint s");
    await call("emit('invoice.lost')");
    await client.query("rollback to s");
    await call("enqueue('place-volunteer', $1::jsonb)", ['{"volunteerId": "ada"}']);
    await client.query("commit");
    await client.query("begin");
    await call("emit('invoice.lost')");
    await client.query("rollback");
    expect(await entries(world)).toEqual([
      {
        job: "record-host-event",
        payload: {
          event: {
            type: "invoice.paid",
            payload: { n: 1 },
            actor: "ada",
            occurredAt: "2026-05-01T10:00:00Z",
          },
        },
      },
      {
        job: "accept-host-request",
        payload: { job: "place-volunteer", payload: { volunteerId: "ada" }, requestedBy: role },
      },
    ]);
    for (const statement of [
      `select * from ${schema}.outbox`,
      `insert into ${schema}.outbox (queue, job, key, payload) values ('commissions', 'release-commission', '1', '{}')`,
      `insert into ${schema}.domain_events (event_type) values ('a.b')`,
      `select ${schema}.append_for_host('release-commission', '{}')`,
      `select ${schema}.apply_row_policies()`,
      `select nextval('${schema}.outbox_id_seq')`,
    ])
      await expect(client.query(statement), statement).rejects.toMatchObject({ code: "42501" });
  });

  it("keep a payload with nulls as it is, and times whatever the session's zone and style", async () => {
    const { world, client, call } = await deployed();
    await client.query("set timezone = 'Asia/Kolkata'; set datestyle = 'German'");
    await call("emit('a.b', '{\"left\": null}', occurred_at => timestamptz '2026-05-01 00:00:00.5+00')");
    expect(await entries(world)).toEqual([
      {
        job: "record-host-event",
        payload: { event: { type: "a.b", payload: { left: null }, occurredAt: "2026-05-01T00:00:00.5Z" } },
      },
    ]);
  });

  const REFUSED = [
    ["emit('Invoice')", "22023"],
    ["emit('a.b.c')", "22023"],
    ["emit(null)", "22023"],
    ["emit('commission.earned')", "42501"],
    ["emit('a.b', '[]')", "22023"],
    ["emit('a.b', null)", "22023"],
    ["emit('a.b', jsonb_build_object('t', repeat('x', 65536)))", "54000"],
    ["enqueue('no-such-job')", "22023"],
    ["enqueue('release-commission', '{\"commissionId\": \"1\"}')", "22023"],
    ["enqueue(null)", "22023"],
    ["enqueue('place-volunteer', '3')", "22023"],
  ] as const;

  it("refuse invalid events and requests, in the host's statement", async () => {
    const { world, call } = await deployed();
    for (const [text, code] of REFUSED) await expect(call(text), text).rejects.toMatchObject({ code });
    expect(await entries(world)).toEqual([]);
  });

  it("refuse the types that only Commonwork emits, all of them and by name", async () => {
    const { world, call } = await deployed();
    for (const type of OWN_EVENT_TYPES)
      await expect(call("emit($1)", [type]), type).rejects.toMatchObject({
        code: "42501",
        message: `a host cannot emit events of the type ${type}`,
        hint: expect.stringContaining("Only Commonwork emits them"),
      });
    for (const type of HOST_EVENT_TYPES) await call("emit($1)", [type]);
    expect(await entries(world)).toHaveLength(HOST_EVENT_TYPES.size);
    expect(await world.query("select own_event_types() as types")).toEqual([
      { types: [...OWN_EVENT_TYPES].sort() },
    ]);
  });

  it("ignore temporary tables, functions and operators of the host", async () => {
    const { world, client, call } = await deployed();
    await client.query(`
      create schema evil;
      create temporary table outbox (id bigint default 1, queue text, job text, key text, payload jsonb);
      create function evil.jsonb_typeof(jsonb) returns text language plpgsql as 'begin raise exception ''ran as %'', current_user; end';
      create function evil.lies(text, text) returns boolean language plpgsql as 'begin raise exception ''ran as %'', current_user; end';
      create operator evil.!~ (leftarg = text, rightarg = text, function = evil.lies);
      set search_path = evil, pg_temp, pg_catalog`);
    await call("emit('a.b')");
    expect(await entries(world)).toMatchObject([{ job: "record-host-event" }]);
    expect((await client.query("select count(*)::int as n from pg_temp.outbox")).rows).toEqual([{ n: 0 }]);
  });

  it("a transaction of the host that stays open delays no worker", async () => {
    const { world, client, call } = await deployed();
    await client.query("begin");
    await call("emit('a.b')");
    await call("enqueue('calculate-matches')");
    const [id] = await world.query<{ id: string }>("select emit('c.d')::text as id");
    expect(await world.run({ name: "record-host-event" }, [id!.id])).toMatchObject({ done: 1 });
    await client.query("commit");
    expect(await world.enqueued({ name: "accept-host-request" })).toHaveLength(1);
  });

  it("record_engagement can be called with no right on its tables", async () => {
    const { world, client, schema } = await deployed();
    await member(world, { host_id: "ada" });
    const view = { id: "v", user_id: "ada", target_kind: "user", target_id: "ada", kind: "profile_view" };
    const events = [{ ...view, occurred_at: hoursAgo(world, 1).toISOString() }];
    const { rows } = await client.query(`select ${schema}.record_engagement($1::jsonb) as outcomes`, [
      JSON.stringify(events),
    ]);
    expect(rows).toEqual([{ outcomes: ["recorded"] }]);
    await expect(client.query(`select * from ${schema}.engagement_events`)).rejects.toMatchObject({
      code: "42501",
    });
  });

  it("no function that runs with the rights of its owner can be called by everybody", async () => {
    const world = await createWorld();
    expect(
      await world.query(
        `select proname as name, has_function_privilege('public', oid, 'execute') as "isPublic" from pg_proc
         where pronamespace = current_schema()::regnamespace and prosecdef order by 1`,
      ),
    ).toEqual(["emit", "enqueue", "record_engagement"].map((name) => ({ name, isPublic: false })));
  });

  it("are pinned to the schema", async () => {
    const world = await createWorld();
    const functions = await world.query<{ name: string; config: string[]; definer: boolean }>(
      `select proname as name, proconfig as config, prosecdef as definer from pg_proc
       where pronamespace = current_schema()::regnamespace and proname in ('emit', 'enqueue', 'append_for_host')`,
    );
    expect(functions.map(({ name, definer }) => [name, definer]).sort()).toEqual([
      ["append_for_host", false],
      ["emit", true],
      ["enqueue", true],
    ]);
    for (const { config } of functions)
      expect(config.join()).toMatch(new RegExp(`^search_path=.*${world.config.databaseSchema}.*, pg_temp$`));
  });
});
