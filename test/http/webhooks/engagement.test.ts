import { describe, expect, it } from "vitest";
import { engagement, member, members, post, trends } from "../../support/feeds.ts";
import { createWorld } from "../../support/world.ts";
import { callWebhook, serve, sign } from "../support.ts";

const PATH = "/webhooks/engagement";
const SECRET = "the long secret of the host";

async function open(environment: Record<string, string> = { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET }) {
  const world = await createWorld({ environment });
  const address = await serve(world);
  const call = (body: unknown, headers: Record<string, string | null> = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return callWebhook(address, text, {
      path: PATH,
      headers: { "X-Scicent-Signature": null, "X-Commonwork-Signature": sign(text, SECRET), ...headers },
    });
  };
  return { world, call };
}

describe("POST /webhooks/engagement", () => {
  it("records events, which count at once", async () => {
    const { world, call } = await open();
    const author = await member(world);
    const people = await members(world, 5);
    const postId = await post(world, author);
    const events = people.map((userId) => engagement(world, userId, postId));
    const answer = await call({ events });
    expect(answer).toMatchObject({ status: 202, body: { status: "accepted" } });
    expect(answer.body["events"]).toEqual(events.map(({ id }) => ({ id, status: "recorded" })));
    const [trend] = await trends(world);
    expect(trend).toMatchObject({ post_id: postId, likes: 5 });
    expect(trend?.lhot).not.toBeNull();
    expect(await call({ events })).toMatchObject({ status: 200, body: { status: "duplicate" } });
    expect(await world.query("select 1 from inbox")).toEqual([]);
  });

  it("answers 409 for an id with other values and 422 for invalid events, and records the others", async () => {
    const { world, call } = await open();
    const [ada, bob] = (await members(world, 2)) as [string, string];
    const postId = await post(world, bob);
    const like = engagement(world, ada, postId);
    await call({ events: [like] });
    const conflict = await call({
      events: [{ ...like, kind: "share" }, engagement(world, ada, postId, { kind: "comment" })],
    });
    expect(conflict).toMatchObject({
      status: 409,
      body: { status: "conflict", error: { code: "conflict" } },
    });
    const rejected = await call({
      events: [
        { id: 7 },
        engagement(world, ada, "no such post"),
        engagement(world, ada, postId, { kind: "share" }),
      ],
    });
    expect(rejected).toMatchObject({
      status: 422,
      body: { status: "rejected", error: { code: "bad-engagement" } },
    });
    expect(rejected.body["events"]).toMatchObject([
      { id: "7", status: "invalid" },
      { status: "unknown_target" },
      { status: "recorded" },
    ]);
    expect(await trends(world)).toMatchObject([{ likes: 1, comments: 1, shares: 1 }]);
  });

  it("faults of security 2: an event that cannot be stored is refused alone, and the others are recorded", async () => {
    const { world, call } = await open();
    const [ada, bob] = (await members(world, 2)) as [string, string];
    const postId = await post(world, bob);
    const good = JSON.stringify(engagement(world, ada, postId, { id: "good" }));
    const bad = [
      '{"id":"a\\u0000"}',
      '{"id":"b","user_id":"\\ud800"}',
      '{"id":"c","id":"d"}',
      `{"id":"e","more":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
    ];
    const answer = await call(`{"events":[${[...bad, good].join(",")}]}`);
    expect(answer).toMatchObject({ status: 422, body: { status: "rejected" } });
    expect(answer.body["events"]).toMatchObject([
      ...bad.map(() => ({ status: "invalid", faults: [{ field: expect.any(String) }] })),
      { id: "good", status: "recorded" },
    ]);
    expect(await world.query("select host_id from engagement_events")).toEqual([{ host_id: "good" }]);
  });

  it("refuses a body that is no list of 1 to 1,000 events", async () => {
    const { world, call } = await open();
    for (const body of [
      "no json",
      "[]",
      "null",
      { events: [] },
      { events: "x" },
      { events: Array(1_001).fill({}) },
    ])
      expect(await call(body)).toMatchObject({ status: 422, body: { error: { code: "bad-engagement" } } });
    expect(await world.query("select 1 from engagement_events")).toEqual([]);
  });

  it("takes signed calls only", async () => {
    const { call } = await open();
    expect(
      (await call({ events: [] }, { "X-Commonwork-Signature": `sha256=${"0".repeat(64)}` })).status,
    ).toBe(401);
    const without = await open({});
    expect((await without.call({ events: [] })).status).toBe(503);
  });
});
