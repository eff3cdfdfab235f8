import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { openDueSlots } from "../../../src/schedules/due-slots.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { emailWeekly } from "../../../src/workers/notifications/email/email-weekly.ts";
import { emitRecommendationsReady } from "../../../src/workers/recommendations/emit-recommendations-ready.ts";
import { performRun } from "../../support/jobs.ts";
import { decided, notifications } from "../../support/notified.ts";
import { user } from "../../support/platform.ts";
import { listOf, postings } from "../../support/posting-api.ts";
import { posting, storeList } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

/** A Monday at the time of the schedule, before 8:00 in Los Angeles. */
const MONDAY = "2026-03-02T05:00:00Z";
const EIGHT_IN_LOS_ANGELES = "2026-03-02T16:00:00Z";

const open = () => createWorld({ at: MONDAY, environment: { USER_TIME_ZONE: "America/Los_Angeles" } });

const ada = (world: World) => user(world, { email: "ada@people.test", name: "Ada" });

const emit = (world: World) => performRun(world, emitRecommendationsReady, {});

const emitted = async (world: World) =>
  (
    await world.query<{ payload: { user_id: string; count: number } }>(
      "select payload from domain_events where event_type = 'recommendations.ready' order by id",
    )
  ).map(({ payload }) => [payload.user_id, payload.count]);

describe("emit-recommendations-ready", () => {
  it("is due on Mondays at 05:00 UTC", () => {
    expect(timetable.find(({ job }) => job.name === emitRecommendationsReady.name)).toMatchObject({
      pattern: "0 5 * * 1",
      tz: "UTC",
    });
  });

  it("notifies each user with recommendations, in the app and in the weekly digest", async () => {
    const world = await open();
    const [first, second] = [await ada(world), await user(world, { email: "ben@people.test" })];
    await user(world);
    const ids = await postings(world, 60);
    await storeList(world, first, listOf(ids));
    await storeList(world, second, listOf(ids.slice(0, 1)));
    expect(await emit(world)).toMatchObject({ status: "done", counts: { notified: 2 } });
    expect(await emitted(world)).toEqual([
      [first, 50],
      [second, 1],
    ]);
    expect(await decided(world)).toEqual([
      `${first} in_app now`,
      `${first} email digested weekly`,
      `${second} in_app now`,
      `${second} email digested weekly`,
    ]);
    expect(await notifications(world)).toMatchObject([
      { title: "50 new recommendations for you", link: "/recommendations" },
      { title: "1 new recommendation for you" },
    ]);
  });

  it("counts only postings that would be shown: open, not expired, not dismissed", async () => {
    const world = await open();
    const [first, expired, dismissed] = [await ada(world), await user(world), await user(world)];
    const ids = await postings(world, 3);
    await storeList(world, first, listOf(ids));
    await world.query("update jobs set status = 'closed', closed_at = now() where id = $1", [ids[0]]);
    await storeList(world, expired, listOf(ids), new Date("2026-02-27T05:00:00Z"));
    await storeList(world, dismissed, listOf(ids.slice(1, 2)));
    await world.query(
      "insert into job_applications (user_id, job_id, status) values ($1, $2, 'dismissed'), ($3, $2, 'saved')",
      [dismissed, ids[1], first],
    );
    // Somebody dismissed the copy of what is on their list.
    const [copied, copy] = [await user(world), await posting(world, { title: "Copy" })];
    await world.query("update jobs set cluster = $1 where id in ($1, $2)", [ids[2], copy]);
    await storeList(world, copied, listOf(ids.slice(2)));
    await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, 'dismissed')", [
      copied,
      copy,
    ]);
    await emit(world);
    expect(await emitted(world)).toEqual([[first, 2]]);
  });

  it("notifies once a week, however often it runs", async () => {
    const world = await open();
    const userId = await ada(world);
    const ids = await postings(world, 1);
    const week = async (at: string) => {
      world.at(at);
      await world.query("delete from recommendation_lists");
      await storeList(world, userId, listOf(ids));
      const [schedule] = timetable.filter(({ job }) => job.name === emitRecommendationsReady.name);
      await inTransaction(world.db, (tx) => openDueSlots(tx, [schedule!], new Date(at), () => undefined));
      await world.drain();
    };
    await world.query(
      "insert into schedules (name, through) values ('emit-recommendations-ready', '2026-03-01')",
    );
    await week("2026-03-02T05:00:00Z");
    expect(await emitted(world)).toHaveLength(1);
    expect(await emit(world)).toMatchObject({ status: "skipped" });
    expect(await emitted(world)).toHaveLength(1);
    await week("2026-03-09T05:00:00Z");
    expect(await emitted(world)).toHaveLength(2);
  });

  it("is skipped when nobody has recommendations", async () => {
    expect(await emit(await open())).toMatchObject({ status: "skipped" });
  });
});

describe("the weekly e-mail", () => {
  it("names the best five as they are when it is sent", async () => {
    const world = await open();
    const userId = await ada(world);
    const ids = await postings(world, 8);
    await storeList(world, userId, listOf(ids));
    await emit(world);
    await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, 'applied')", [
      userId,
      ids[1],
    ]);
    world.at(EIGHT_IN_LOS_ANGELES);
    await world.perform(emailWeekly, {});
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
    const [email] = world.mailbox;
    expect(email!.subject).toBe("7 new recommendations for you");
    expect(email!.text).toContain("for you: P1 at Company 1 (92%), P3 at Company 3 (91%), ");
    expect(email!.text.match(/P\d at Company/g)).toHaveLength(5);
    expect(email!.html).toContain('<strong dir="auto">P1</strong> at Company 1 (92%), ');
  });

  it("names them in a digest of several things too, in both forms", async () => {
    const world = await open();
    const userId = await ada(world);
    const long = { title: `Senior Software Engineer for ${"Very ".repeat(8)}Large Systems` };
    await storeList(world, userId, listOf(await postings(world, 5, long)));
    await emit(world);
    await world.query("update deliveries set cadence = 'weekly'");
    await world.query(
      `insert into domain_events (event_type, payload) values ('recommendations.ready', jsonb_build_object('user_id', $1::bigint, 'count', 1))`,
      [userId],
    );
    await world.drain();
    world.at(EIGHT_IN_LOS_ANGELES);
    await world.perform(emailWeekly, {});
    await world.drain();
    const [email] = world.mailbox;
    for (const content of [email!.text, email!.html])
      expect(content.match(/Large Systems/g)!.length).toBeGreaterThanOrEqual(5);
  });

  it("is not sent when nothing of the list is left", async () => {
    const world = await open();
    const userId = await ada(world);
    await storeList(world, userId, listOf(await postings(world, 2)));
    await emit(world);
    await world.query("update jobs set status = 'closed', closed_at = now()");
    world.at(EIGHT_IN_LOS_ANGELES);
    await world.perform(emailWeekly, {});
    await world.drain();
    expect(world.mailbox).toEqual([]);
  });

  it("is not sent to a user who muted recommendations", async () => {
    const world = await open();
    const userId = await ada(world);
    await storeList(world, userId, listOf(await postings(world, 1)));
    await world.query(
      `insert into notification_preferences (user_id, scope_type, event_type, channel, status)
       values ($1, 'global', 'recommendations.ready', 'email', 'muted')`,
      [userId],
    );
    await emit(world);
    expect((await decided(world)).map((line) => line.replace(`${userId} `, ""))).toEqual([
      "in_app now",
      expect.stringMatching(/^email skipped/),
    ]);
  });

  it("shows titles of postings as text: no markup, no links, no control or direction characters", async () => {
    const world = await open();
    const userId = await ada(world);
    const id = await posting(world, {
      title: "<img src=x> **Chef** at evil.example \u202eabc\u0007",
      company: "[Click](https://evil.example) & Sons",
    });
    await storeList(world, userId, listOf([id]));
    await emit(world);
    world.at(EIGHT_IN_LOS_ANGELES);
    await world.perform(emailWeekly, {});
    await world.drain();
    const [email] = world.mailbox;
    expect(email!.html).not.toContain("<img src=x>");
    expect(email!.html).not.toContain('href="https://evil.example');
    for (const hidden of ["\u202e", "\u0007"]) {
      expect(email!.html).not.toContain(hidden);
      expect(email!.text).not.toContain(hidden);
    }
    expect(email!.text).not.toMatch(/evil\.example/);
    expect(email!.text).toContain("**Chef**");
  });
});
