import { describe, expect, it } from "vitest";
import { ERASURE_RULES } from "../../../src/erasure/rules.ts";
import type { RedisClient } from "../../../src/queues/redis-connections.ts";
import { eraseUser } from "../../../src/workers/maintenance/erase-user.ts";
import { emailInstant } from "../../../src/workers/notifications/email/email-instant.ts";
import { faultsOfBooks, fingerprintOf } from "../../support/books.ts";
import { delivery, deliveryStates } from "../../support/emails.ts";
import { type ErasureScene, erasureScene, figuresOf, readReference } from "../../support/erasure-scene.ts";
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
  it("leaves no name, address or id outside of the ledger, the figures of others unchanged, and no reference to the user", async () => {
    const scene = await erasureScene({ MATCHES_PER_PROJECT: "1" });
    await expectFilled(scene);
    const preview = await previewOf(scene);
    const { world, ada } = scene;
    const before = { books: await fingerprintOf(world), figures: await figuresOf(world, ada) };
    expect(await listed(scene)).toEqual([{ id: ada.userId }, { id: scene.next }]);

    const tally = await performRanged(world, eraseUser, payloadOf(ada.userId));
    expect(tally).toMatchObject({ done: 1 });
    // A dry run has listed the same.
    expect(preview).toEqual(tally.counts);
    expect(Object.keys(preview).length).toBeGreaterThan(20);
    await world.drain();

    await expectNoTrace(scene);
    expect(await fingerprintOf(world)).toBe(before.books);
    expect(await faultsOfBooks(world)).toEqual([]);
    expect(await figuresOf(world, ada)).toEqual(before.figures);
    await expectAudited(scene);
    // Others have moved up in the match list.
    expect(await listed(scene)).toEqual([{ id: scene.next }]);
    await expectUnknown(scene);
    await expectReferrersPaid(scene);
  });

  it("issue 14: keeps the data of the host's user whose id is the number of the erased one", async () => {
    const { world, ada } = await erasureScene();
    await performRanged(world, eraseUser, payloadOf(ada.userId));
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

  it("leaves no key in Redis, while workers run, with a trace", async () => {
    const { world, ada, traces } = await erasureScene();
    await world.startWorkers();
    await performRanged(world, eraseUser, payloadOf(ada.userId));
    const { redis } = world.producers;
    const keys = await redis.keys(`*${world.config.redisPrefix}*`);
    const values = await Promise.all(keys.map((key) => contentOf(redis, key)));
    expect(keys.length).toBeGreaterThan(0);
    for (const trace of traces) expect([...keys, ...values].join("\n")).not.toContain(trace);
  });

  it("deletes rows that were written while it ran", async () => {
    const world = await createWorld();
    const userId = await platform.user(world, { name: "Ada Quick" });
    await world.perform(eraseUser, payloadOf(userId));
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
    await performRanged(world, eraseUser, payloadOf(people[0]!));
    expect(await placesOf(world, ["ada@people.test", "Ada Quick"])).toEqual([]);
    expect(await deliveryStates(world)).toEqual([expect.stringMatching(/^needs_review: /)]);
  });
});

const payloadOf = (userId: string) => ({ userId, actor: "ann", reason: REASON });

/** The scene fills what it claims to. */
async function expectFilled({ world, traces }: ErasureScene): Promise<void> {
  const held = new Set((await placesOf(world, traces)).map((place) => place.split(":")[0]));
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
}

/** The counts of a dry run, which changes nothing. */
async function previewOf({ world, ada, traces }: ErasureScene): Promise<Readonly<Record<string, number>>> {
  const places = await placesOf(world, traces);
  const { fault, counts, remarks } = await world.dryRun(eraseUser, payloadOf(ada.userId));
  expect(fault).toBeNull();
  expect(await placesOf(world, traces)).toEqual(places);
  expect(remarks.map(({ about }) => about)).toContain("notifications");
  return counts;
}

/** Whom the project lists; without her, there is room for one more, since she has applied. */
const listed = ({ world, project }: ErasureScene) =>
  world.query<{ id: string }>(
    "select volunteer_id as id from volunteer_initiative_matches where project_id = $1 order by volunteer_id",
    [project],
  );

async function expectNoTrace({ world, ada, traces }: ErasureScene): Promise<void> {
  expect(await placesOf(world, traces)).toEqual([]);
  const ids = await columnsWithIds(world, [ada.userId, ada.profileId]);
  expect(ids.filter((column) => !KEPT.includes(column))).toEqual([]);
}

async function expectAudited({ world, ada }: ErasureScene): Promise<void> {
  const [audited] = await world.query<{ actor: string; subject: string; details: { reason: string } }>(
    "select actor, subject, details from audit_log where action = 'user.erase'",
  );
  expect(audited).toMatchObject({
    actor: "ann",
    subject: `users:${ada.userId}`,
    details: { reason: REASON },
  });
}

/** No reference leads to the user, who is skipped the second time. */
async function expectUnknown({ world, ada, references }: ErasureScene): Promise<void> {
  for (const reference of [...references, ada.userId])
    expect(await readReference(world, reference)).toBeNull();
  for (const userId of [ada.userId, "999999"])
    expect(await performRanged(world, eraseUser, payloadOf(userId))).toMatchObject({ skipped: 1 });
}

/** A sale to somebody whom the user had referred is paid, and the user is notified of nothing. */
async function expectReferrersPaid({ world, ada, buyer }: ErasureScene): Promise<void> {
  await takeSale(world, { buyer });
  await world.drain();
  expect(await faultsOfBooks(world)).toEqual([]);
  expect(await world.query("select 1 from notifications where user_id = $1", [ada.userId])).toEqual([]);
  expect(await world.query("select 1 from deliveries where user_id = $1", [ada.userId])).toEqual([]);
}

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
