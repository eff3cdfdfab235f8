import { describe, expect, it } from "vitest";
import { ERASURE_RULES } from "../../../src/erasure/rules.ts";
import type { RedisClient } from "../../../src/queues/redis-connections.ts";
import { eraseUser } from "../../../src/workers/maintenance/erase-user.ts";
import { emailInstant } from "../../../src/workers/notifications/email/email-instant.ts";
import { faultsOfBooks, fingerprintOf } from "../../support/books.ts";
import { delivery, deliveryStates } from "../../support/emails.ts";
import { erasureScene, figuresOf, readReference } from "../../support/erasure-scene.ts";
import { performRanged } from "../../support/jobs.ts";
import { columnsWithIds, placesOf } from "../../support/personal-columns.ts";
import * as platform from "../../support/platform.ts";
import { takeSale } from "../../support/sales.ts";
import { createWorld } from "../../support/world.ts";

const REASON = "asked for it";

/** The columns that the rules keep. */
const KEPT = Object.entries(ERASURE_RULES).flatMap(([table, rules]) =>
  rules.flatMap(({ does, columns }) =>
    does === "keep" ? columns.map((column) => `${table}.${column}`) : [],
  ),
);

describe("erase-user", () => {
  it("leaves no name, address or id outside of the books, and everybody else's figures as they were", async () => {
    const { world, ada, traces } = await erasureScene();
    const held = new Set((await placesOf(world, traces)).map((place) => place.split(":")[0]));
    // The scene fills what it claims to.
    for (const place of [
      "users.name",
      "users.host_id",
      "notifications.title",
      "messages.body",
      "inbox.raw",
      "outbox.request",
      "outbox.payload",
      "domain_events.payload",
      "volunteer_profiles.referral_code",
      "task_assignments.host_id",
      "calendar_connections.refresh_token",
      "profiles.bio",
      "top5_items.text",
    ])
      expect(held).toContain(place);
    const before = { books: await fingerprintOf(world), figures: await figuresOf(world, ada) };

    expect(
      await performRanged(world, eraseUser, { userId: ada.userId, actor: "ann", reason: REASON }),
    ).toMatchObject({
      done: 1,
    });
    await world.drain();

    expect(await placesOf(world, traces)).toEqual([]);
    const ids = await columnsWithIds(world, [ada.userId, ada.profileId]);
    expect(ids.filter((column) => !KEPT.includes(column))).toEqual([]);
    expect(await fingerprintOf(world)).toBe(before.books);
    expect(await faultsOfBooks(world)).toEqual([]);
    expect(await figuresOf(world, ada)).toEqual(before.figures);
    const [audited] = await world.query<{ actor: string; subject: string; details: { reason: string } }>(
      "select actor, subject, details from audit_log where action = 'user.erase'",
    );
    expect(audited).toMatchObject({
      actor: "ann",
      subject: `users:${ada.userId}`,
      details: { reason: REASON },
    });
  });

  it("issue 14: leaves what is about the user of the host who has the number of the erased one", async () => {
    const { world, ada } = await erasureScene();
    await performRanged(world, eraseUser, { userId: ada.userId, actor: "ann", reason: REASON });
    const mentions = await world.query<{ body: string }>(
      "select body from messages where body like 'Ask %' order by id",
    );
    expect(mentions.map(({ body }) => body.replaceAll(/user:\d+/g, "user:n"))).toEqual([
      "Ask @former member or @[Cy](user:n), not @[Di](user:n)",
      "Ask @former member or @[Cy](user:n), not @[Di](user:n)",
    ]);
    expect(await world.query("select key from outbox where dead_at is not null")).toEqual([
      { key: "about another" },
    ]);
  });

  it("lists the same in a dry run, which changes nothing", async () => {
    const { world, ada, traces } = await erasureScene();
    const payload = { userId: ada.userId, actor: "ann", reason: REASON };
    const places = await placesOf(world, traces);
    const preview = await world.dryRun(eraseUser, payload);
    expect(preview.fault).toBeNull();
    expect(await placesOf(world, traces)).toEqual(places);
    const { counts } = await performRanged(world, eraseUser, payload);
    expect(preview.counts).toEqual(counts);
    expect(Object.keys(counts).length).toBeGreaterThan(20);
    expect(preview.remarks.map(({ about }) => about)).toContain("notifications");
  });

  it("leaves no key in Redis, while workers run, with a trace", async () => {
    const { world, ada, traces } = await erasureScene();
    await world.startWorkers();
    await performRanged(world, eraseUser, { userId: ada.userId, actor: "ann", reason: REASON });
    const { redis } = world.producers;
    const keys = await redis.keys(`*${world.config.redisPrefix}*`);
    const values = await Promise.all(keys.map((key) => contentOf(redis, key)));
    expect(keys.length).toBeGreaterThan(0);
    for (const trace of traces) expect([...keys, ...values].join("\n")).not.toContain(trace);
  });

  it("takes the user off the match lists, which others move up in", async () => {
    const { world, ada, project, next } = await erasureScene({ MATCHES_PER_PROJECT: "1" });
    const listed = () =>
      world.query<{ id: string }>(
        "select volunteer_id as id from volunteer_initiative_matches where project_id = $1 order by volunteer_id",
        [project],
      );
    // She has applied, which leaves room for one more.
    expect(await listed()).toEqual([{ id: ada.userId }, { id: next }]);
    await performRanged(world, eraseUser, { userId: ada.userId, actor: "ann", reason: REASON });
    await world.drain();
    expect(await listed()).toEqual([{ id: next }]);
  });

  it("makes every reference to the user unknown, and is skipped the second time", async () => {
    const { world, ada, references } = await erasureScene();
    const payload = { userId: ada.userId, actor: "ann", reason: REASON };
    await performRanged(world, eraseUser, payload);
    for (const reference of [...references, ada.userId])
      expect(await readReference(world, reference)).toBeNull();
    expect(await performRanged(world, eraseUser, payload)).toMatchObject({ skipped: 1 });
    expect(await performRanged(world, eraseUser, { ...payload, userId: "999999" })).toMatchObject({
      skipped: 1,
    });
  });

  it("pays the referrers of somebody whose referrer was erased, and notifies the erased one of nothing", async () => {
    const { world, ada, buyer } = await erasureScene();
    await performRanged(world, eraseUser, { userId: ada.userId, actor: "ann", reason: REASON });
    await takeSale(world, { buyer });
    await world.drain();
    expect(await faultsOfBooks(world)).toEqual([]);
    expect(await world.query("select 1 from notifications where user_id = $1", [ada.userId])).toEqual([]);
    expect(await world.query("select 1 from deliveries where user_id = $1", [ada.userId])).toEqual([]);
  });

  it("deletes what was written while it ran", async () => {
    const world = await createWorld();
    const userId = await platform.user(world, { name: "Ada Quick" });
    await world.perform(eraseUser, { userId, actor: "ann", reason: REASON });
    const ranges = (await world.enqueued()).filter(({ job }) => job === "erase-user/range");
    for (const { job, id } of ranges) await world.run({ name: job }, [id]);
    await world.query(
      "insert into notifications (user_id, event_type, event_id, title, body, link) values ($1, 'x', 1, '', '', '/')",
      [userId],
    );
    await world.drain();
    expect(await world.query("select 1 from notifications")).toEqual([]);
  });

  it("sends the e-mails of others in a stored mailing to review, and the erased user's never", async () => {
    const failing = {
      name: "resend" as const,
      admit: async () => undefined,
      close: async () => undefined,
      send: async () => Promise.reject(new Error("no answer")),
    };
    const world = await createWorld({ ports: { mailer: failing } });
    const people = [
      await platform.user(world, { name: "Ada Quick", email: "ada@people.test" }),
      await platform.user(world, { name: "Bo", email: "bo@people.test" }),
    ];
    for (const userId of people) await delivery(world, { userId });
    await world.perform(emailInstant, {});
    await world.drain();
    expect(await placesOf(world, ["ada@people.test"])).toContain("outbox.request: ada@people.test");
    await performRanged(world, eraseUser, { userId: people[0]!, actor: "ann", reason: REASON });
    expect(await placesOf(world, ["ada@people.test", "Ada Quick"])).toEqual([]);
    expect(await deliveryStates(world)).toEqual([expect.stringMatching(/^needs_review: /)]);
  });
});

/** Everything that a key holds, as text. */
async function contentOf(redis: RedisClient, key: string): Promise<string> {
  const type = await redis.type(key);
  const read: Record<string, () => Promise<unknown>> = {
    string: () => redis.get(key),
    hash: () => redis.hgetall(key),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, "0", "-1"),
    stream: () => redis.xrange(key, "-", "+"),
    // Deleted since the keys were listed.
    none: async () => null,
  };
  return JSON.stringify(await read[type]!());
}
