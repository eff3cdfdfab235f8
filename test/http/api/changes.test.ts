import { describe, expect, it } from "vitest";
import { type ChangePage, readChanges, signGet } from "../../../src/client/index.ts";
import { people } from "../../support/result-rows.ts";
import { userToken } from "../../support/user-token.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

const SECRET = "a shared secret of at least 24 bytes";

const changesWorld = () => createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });

async function call(address: string, query: string, headers?: Record<string, string>) {
  const url = new URL(`/api/v1/changes?${query}`, address);
  const response = await fetch(url, { headers: headers ?? signGet(url, SECRET) });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown> & { error: { code: string } },
  };
}

describe("GET /api/v1/changes", () => {
  it("answers signed calls with a page", async () => {
    const world = await changesWorld();
    const address = await serve(world);
    const reply = await call(address, "table=match_scores");
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ table: "match_scores", key: "user_id", changes: [] });
    expect(reply.body["cursor"]).toEqual(expect.stringMatching(/^[osc]\./));
  });

  it("refuses calls that are not signed: for another query, path or time, with another secret, or with a user's token", async () => {
    const world = await changesWorld();
    const address = await serve(world);
    const query = "table=match_scores";
    const url = new URL(`/api/v1/changes?${query}`, address);
    const minutesAgo = (minutes: number) => new Date(world.clock.now().getTime() - minutes * 60_000);
    const [user] = await people(world, 1);
    for (const headers of [
      {},
      { authorization: `Bearer ${await userToken(user!)}` },
      signGet(new URL("/api/v1/changes?table=media", address), SECRET),
      signGet(new URL(`/api/v1/change?${query}`, address), SECRET),
      signGet(url, "another"),
      signGet(url, SECRET, minutesAgo(6)),
      signGet(url, SECRET, minutesAgo(-6)),
      { ...signGet(url, SECRET), "x-commonwork-timestamp": String(Math.floor(Date.now() / 1_000) - 60) },
    ]) {
      const reply = await call(address, query, headers as Record<string, string>);
      expect(reply, JSON.stringify(headers)).toMatchObject({
        status: 401,
        body: { error: { code: "bad-signature" } },
      });
    }
    expect((await call(address, query, signGet(url, SECRET, minutesAgo(4)))).status).toBe(200);
  });

  it("names the parameter at fault", async () => {
    const world = await changesWorld();
    const address = await serve(world);
    expect(await call(address, "table=users")).toMatchObject({
      status: 422,
      body: {
        error: {
          code: "bad-query",
          faults: [{ field: "table", fault: "must be one of the tables of the change feed" }],
        },
      },
    });
    expect(await call(address, "table=media&since=x")).toMatchObject({
      status: 422,
      body: {
        error: { faults: [{ field: "since", fault: "must be a cursor that this endpoint returned" }] },
      },
    });
    expect(await call(address, "")).toMatchObject({ status: 422 });
  });

  it("answers 410 to a cursor that is too old, and 503 without a secret", async () => {
    const world = await changesWorld();
    const address = await serve(world);
    await call(address, "table=media");
    expect(await call(address, "table=media&since=c.1.0.1")).toMatchObject({
      status: 410,
      body: { error: { code: "cursor-expired" } },
    });
    const unset = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: "" } });
    expect(await call(await serve(unset), "table=media")).toMatchObject({
      status: 503,
      body: { error: { code: "not-configured" } },
    });
  });
});

describe("readChanges", () => {
  const storeInto = (pages: ChangePage[]) => async (page: ChangePage) => void pages.push(page);

  async function searchable(world: World, count: number): Promise<void> {
    const ids = await people(world, count);
    await world.query("insert into searchable_users select unnest($1::bigint[]), true, 90, '{}', now()", [
      ids,
    ]);
  }

  it("signs calls and reads page by page until there is no more", async () => {
    const world = await changesWorld();
    await searchable(world, 2_500);
    const url = await serve(world);
    const pages: ChangePage[] = [];
    const options = { url, secret: SECRET, table: "searchable_users", apply: storeInto(pages) };
    let cursor: string | null = null;
    // Transactions of other tests may hold the first page back.
    while (!pages.some(({ snapshot }) => snapshot?.ends)) cursor = await readChanges({ ...options, cursor });
    const keys = pages.flatMap(({ changes }) => changes.map(({ key }) => key));
    expect(new Set(keys).size).toBe(2_500);
    expect(cursor).toBe(pages.at(-1)?.cursor);
  });

  it("begins with all rows again when its cursor is too old", async () => {
    const world = await changesWorld();
    await searchable(world, 1);
    const url = await serve(world);
    const pages: ChangePage[] = [];
    const options = { url, secret: SECRET, table: "searchable_users", apply: storeInto(pages) };
    let cursor = await readChanges({ ...options, cursor: "c.1.0.1" });
    while (!pages.some(({ snapshot }) => snapshot?.ends)) cursor = await readChanges({ ...options, cursor });
    expect(pages.flatMap(({ changes }) => changes)).toMatchObject([
      { key: "u-1", rows: [{ completeness: 90 }] },
    ]);
  });

  it("throws when the service refuses the call", async () => {
    const world = await changesWorld();
    const url = await serve(world);
    await expect(
      readChanges({ url, secret: "another", table: "media", cursor: null, apply: async () => undefined }),
    ).rejects.toThrow("the service answered 401");
  });
});
