import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import {
  delivery,
  deliveryStates,
  emailRows,
  expectNoContentTwice,
  markDecided,
  projectOf,
  uploaded,
} from "../../../support/emails.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { mailingScene } from "../../../support/mailing-scene.ts";
import {
  grant,
  message,
  notificationSettings,
  permit,
  thread,
  user,
  users,
} from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

/** 10:00 in Los Angeles, on a Monday in winter. */
const TEN = "2026-03-02T18:00:00Z";

const windows = (world: World) =>
  world.query<{ userId: string; start: Date }>(
    'select user_id as "userId", window_start as start from email_digests order by id',
  );

async function tick(world: World, at: string) {
  world.at(at);
  const tally = await world.perform(emailDigest, {});
  await world.drain();
  return tally;
}

async function scene(fields: { timeZone?: string } = {}) {
  const world = await createWorld({ at: TEN });
  const userId = await user(world, { email: "ada@people.test", name: "Ada", ...fields });
  return { world, userId };
}

fiveCases(emailDigest, async () => {
  const { world, userId } = await scene();
  await delivery(world, { userId, cadence: "hourly" });
  return mailingScene(world);
});

describe("email-digest", () => {
  it("sends all waiting deliveries in one e-mail, each once", async () => {
    const { world, userId } = await scene();
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, { ...uploaded(userId, gardens), cadence: "hourly" });
    await delivery(world, { userId, cadence: "hourly" });
    await delivery(world, { userId, cadence: "daily" });
    expect(await tick(world, TEN)).toMatchObject({ counts: { digests: 1, items: 2 } });
    expect(world.mailbox).toHaveLength(1);
    expect(world.mailbox[0]!.text).toContain("New document in Riverbank Gardens: Plan.pdf");
    expect(world.mailbox[0]!.text).toContain("You won 18.40 tokens");
    expect(await deliveryStates(world)).toEqual(["sent", "sent", "pending"]);
    expect(await tick(world, "2026-03-02T19:00:00Z")).toMatchObject({ skipped: 1 });
  });

  it("says when the next one is due, and how many deliveries wait", async () => {
    const { world, userId } = await scene();
    const reason = async (at: string) => Object.keys((await tick(world, at)).reasons);
    expect(await reason("2026-03-03T06:00:00Z")).toEqual(["no digest is due"]);
    await delivery(world, { userId, cadence: "hourly" });
    await delivery(world, { userId, cadence: "hourly" });
    // 22:00 there: the next window opens at 6:00.
    expect(await reason("2026-03-03T06:00:00Z")).toEqual([
      "no digest is due: 2 deliveries wait, the next one at 2026-03-03T14:00:00.000Z",
    ]);
  });

  it("leaves deliveries decided within a window to the next one, and sends one digest per window", async () => {
    const { world, userId } = await scene();
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-02T17:30:00Z" });
    await tick(world, TEN);
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-02T17:59:00Z" });
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-02T18:10:00Z" });
    expect(await tick(world, "2026-03-02T18:15:00Z")).toMatchObject({ skipped: 1 });
    expect(await tick(world, "2026-03-02T19:00:00Z")).toMatchObject({ counts: { digests: 1, items: 2 } });
    expect(world.mailbox).toHaveLength(2);
  });

  it("catches up within the window after an outage, and waits until morning at night", async () => {
    const { world, userId } = await scene();
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-02T17:30:00Z" });
    expect(await tick(world, "2026-03-02T18:45:00Z")).toMatchObject({ counts: { digests: 1 } });
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-03T02:30:00Z" });
    for (const at of ["2026-03-03T03:00:00Z", "2026-03-03T08:00:00Z", "2026-03-03T13:45:00Z"])
      expect(await tick(world, at)).toMatchObject({ skipped: 1 });
    expect(await tick(world, "2026-03-03T14:00:00Z")).toMatchObject({ counts: { digests: 1 } });
  });

  it("counts a digest of nothing but nudges as a nudge e-mail: one a day, others are held for a later digest", async () => {
    const { world, userId } = await scene();
    const matched = (decidedAt: string) =>
      delivery(world, {
        userId,
        eventType: "candidate.matched",
        payload: { user_id: userId },
        cadence: "hourly",
        decidedAt,
      });
    await matched("2026-03-02T17:30:00Z");
    expect(await tick(world, TEN)).toMatchObject({ counts: { digests: 1, items: 1 } });
    await matched("2026-03-02T18:30:00Z");
    expect(await tick(world, "2026-03-02T19:00:00Z")).toMatchObject({ skipped: 1 });
    expect(await world.query("select reason from deliveries where digest_id is null")).toEqual([
      { reason: "nudge-cap" },
    ]);
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-02T19:30:00Z" });
    expect(await tick(world, "2026-03-02T20:00:00Z")).toMatchObject({ counts: { digests: 1, items: 2 } });
    // The next day allows another one; the digest with a nudge among other items did not count.
    await matched("2026-03-03T13:00:00Z");
    expect(await tick(world, "2026-03-03T14:00:00Z")).toMatchObject({ counts: { digests: 1, items: 1 } });
    expect(world.mailbox).toHaveLength(3);
  });

  it("regression 22: the time zone of the user decides the hour, not that of the machine", async () => {
    const world = await createWorld({ at: TEN });
    const zones = {
      Pacific: undefined,
      Berlin: "Europe/Berlin",
      Nowhere: "Mars/Olympus",
      Kathmandu: "Asia/Kathmandu",
    };
    const people = new Map<string, string>();
    for (const [name, timeZone] of Object.entries(zones)) {
      const id = await user(world, { email: `${name}@people.test`, name, ...(timeZone ? { timeZone } : {}) });
      people.set(id, name);
      await delivery(world, { userId: id, cadence: "hourly", decidedAt: "2026-03-01T00:00:00Z" });
    }
    const before = process.env["TZ"];
    process.env["TZ"] = "Asia/Tokyo";
    try {
      const recipientsAt = async (at: string) => {
        await tick(world, at);
        const to = world.mailbox.splice(0).map((email) => email.to.split("@")[0]);
        return to.sort();
      };
      // 05:00 in Berlin, 20:00 the day before in Los Angeles, 09:45 in Kathmandu.
      expect(await recipientsAt("2026-03-02T04:00:00Z")).toEqual(["Kathmandu"]);
      expect(await recipientsAt("2026-03-02T05:00:00Z")).toEqual(["Berlin"]);
      expect(await recipientsAt("2026-03-02T13:45:00Z")).toEqual([]);
      expect(await recipientsAt("2026-03-02T14:00:00Z")).toEqual(["Nowhere", "Pacific"]);
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  });

  it("regression 13: a user with hundreds of deliveries gets one e-mail", async () => {
    const world = await createWorld({ at: TEN });
    const people = await users(world, 3);
    await world.query(
      `insert into domain_events (event_type, payload)
       select 'budget.awarded', jsonb_build_object('user_id', u::text, 'profile_id', '1', 'organization_id', '1', 'period_id', '1',
              'period', 'weekly', 'period_start', '2026-02-22', 'rank', 3, 'amount', n::text)
       from unnest($1::bigint[]) u, generate_series(1, 700) n`,
      [people],
    );
    await world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at)
       select id, event_type, (payload->>'user_id')::bigint, 'email', 'digested', 'hourly', 'pending', '2026-03-02T00:00Z' from domain_events`,
    );
    const events = await world.query<{ id: string }>("select id from domain_events");
    await markDecided(
      world,
      events.map(({ id }) => id),
    );
    await tick(world, TEN);
    expect(world.mailbox).toHaveLength(3);
    expectNoContentTwice(world.mailbox);
    for (const email of world.mailbox) expect(email.subject).toMatch(/^700 updates|and 699 more$/);
    expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
  });

  it("adds a held nudge to a digest that is sent anyway, and opens none for it", async () => {
    const { world, userId } = await scene();
    await delivery(world, { userId, cadence: "hourly", reason: "nudge-cap" });
    expect(await tick(world, TEN)).toMatchObject({ skipped: 1 });
    await delivery(world, { userId, cadence: "hourly" });
    expect(await tick(world, TEN)).toMatchObject({ counts: { digests: 1, items: 2 } });
  });

  it("waits until quiet hours are over", async () => {
    const { world, userId } = await scene();
    await notificationSettings(world, userId, { quietFrom: 9 * 60, quietTo: 12 * 60 });
    const night = await user(world, { email: "bo@people.test" });
    await notificationSettings(world, night, { quietFrom: 22 * 60, quietTo: 7 * 60 });
    for (const id of [userId, night]) await delivery(world, { userId: id, cadence: "hourly" });
    expect(await tick(world, TEN)).toMatchObject({ counts: { digests: 1 } });
    expect(world.mailbox.map(({ to }) => to)).toEqual(["bo@people.test"]);
    expect(await tick(world, "2026-03-02T20:00:00Z")).toMatchObject({ counts: { digests: 1 } });
  });

  it("opens a window at the end of quiet hours that cover all of them", async () => {
    const { world, userId } = await scene();
    await notificationSettings(world, userId, { quietFrom: 5 * 60, quietTo: 21 * 60 });
    await delivery(world, { userId, cadence: "hourly" });
    for (const quiet of [TEN, "2026-03-03T04:45:00Z"])
      expect(await tick(world, quiet)).toMatchObject({ skipped: 1 });
    expect(await tick(world, "2026-03-03T05:00:00Z")).toMatchObject({ counts: { digests: 1, items: 1 } });
    await delivery(world, { userId, cadence: "hourly", decidedAt: "2026-03-03T05:10:00Z" });
    for (const later of ["2026-03-03T05:30:00Z", "2026-03-03T09:00:00Z", "2026-03-03T20:00:00Z"])
      expect(await tick(world, later)).toMatchObject({ skipped: 1 });
    expect(await tick(world, "2026-03-04T05:15:00Z")).toMatchObject({ counts: { digests: 1, items: 1 } });
  });

  it("serves everybody when zones are unknown to Postgres, or to anybody", async () => {
    const { world, userId } = await scene();
    const names = ["ECT", "AGT", "US/Pacific-New", "IST", "Mars/Olympus", "", "'; --"];
    for (const [n, zone] of names.entries()) {
      const other = await user(world, { email: `p${n}@people.test`, timeZone: zone });
      await notificationSettings(world, other, { quietFrom: 3 * 60, quietTo: 4 * 60 });
      await delivery(world, { userId: other, cadence: "hourly" });
    }
    await delivery(world, { userId, cadence: "hourly" });
    await tick(world, TEN);
    expect(world.mailbox.map(({ to }) => to)).toContain("ada@people.test");
    for (const at of ["2026-03-02T23:00:00Z", "2026-03-03T04:30:00Z", "2026-03-03T08:30:00Z"])
      expect(await tick(world, at)).toMatchObject({ retry: 0, dead: 0 });
    expect(world.mailbox).toHaveLength(names.length + 1);
  });

  it("sends nothing if the check drops all items, and records each reason", async () => {
    const { world, userId } = await scene();
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, { ...uploaded(userId, gardens), cadence: "hourly" });
    await delivery(world, { userId, cadence: "hourly", inApp: "read" });
    await permit(world, gardens.resourceId, userId, "none");
    await tick(world, TEN);
    expect(world.mailbox).toEqual([]);
    expect(await deliveryStates(world)).toEqual(["none: no-access", "none: read-meanwhile"]);
    expect(await emailRows(world)).toMatchObject([{ status: "none", reason: "nothing left to send" }]);
  });

  it("regression 26: rechecks a nudge before the digest is sent", async () => {
    const { world, userId } = await scene();
    const other = await user(world, { name: "Bo" });
    const threads = await Promise.all(
      ["Water", "Soil", "Seeds"].map((topic) => thread(world, { participants: [userId, other], topic })),
    );
    for (const threadId of threads)
      for (let n = 0; n < 2; n++)
        await message(world, { threadId, senderId: other, createdAt: "2026-03-02T10:00:00Z" });
    const unread = threads.map((id) => ({ thread_id: id, unread: 2, oldest_unread_id: "1", step: 1 }));
    const nudge = { userId, eventType: "thread_unread_stale", cadence: "hourly" } as const;
    await delivery(world, { ...nudge, payload: { user_id: userId, threads: unread } });
    await delivery(world, { ...nudge, threadId: threads[0]!, payload: { user_id: userId } });
    // Two of the three have been read since.
    await world.query(
      "update chat_thread_participants set last_read_at = '2026-03-02T12:00Z' where user_id = $1 and thread_id = any($2)",
      [userId, threads.slice(0, 2)],
    );
    await tick(world, TEN);
    expect(world.mailbox.map(({ subject }) => subject)).toEqual(["2 unread messages in a conversation"]);
    expect(await deliveryStates(world)).toEqual(["sent", "none: overtaken"]);
  });

  it("does not send a nudge about a resume that has been completed since", async () => {
    const { world } = await scene();
    const { ownerId, projectId } = await projectOf(world);
    await world.query("insert into resumes (project_id, kind, completeness) values ($1, 'project', 60)", [
      projectId,
    ]);
    const nudge = (step: number) =>
      delivery(world, {
        userId: ownerId,
        projectId,
        eventType: "resume_incomplete_nudge",
        payload: { user_id: ownerId, resume_kind: "project", completeness: 60, step },
        cadence: "hourly",
      });
    await nudge(1);
    await tick(world, TEN);
    expect(world.mailbox).toHaveLength(1);
    await nudge(2);
    await world.query("update resumes set completeness = 100");
    // A day later, because of the cap of one nudge e-mail a day.
    await tick(world, "2026-03-03T18:00:00Z");
    expect(await deliveryStates(world)).toEqual(["sent", "none: overtaken"]);
  });
});

describe("on days with a clock change", () => {
  it.each(["2026-03-08", "2026-11-01"])(
    "sends 13 digests on %s, from 6:00 to 18:00 local time",
    async (day) => {
      const { world, userId } = await scene();
      const hours: number[] = [];
      const from = DateTime.fromISO(`${day}T00:00`, { zone: "America/Los_Angeles" });
      for (let at = from; at < from.plus({ days: 1 }); at = at.plus({ minutes: 15 })) {
        await delivery(world, { userId, cadence: "hourly", decidedAt: at.minus({ hours: 2 }).toISO()! });
        const tally = await tick(world, at.toUTC().toISO()!);
        if (tally.done === 1) hours.push(at.hour);
      }
      expect(hours).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
      expect(world.mailbox).toHaveLength(13);
      expect(await windows(world)).toHaveLength(13);
    },
  );
});
