import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { zoneOfNoon } from "../../src/dev/demo/demo-mail.ts";
import { markRead } from "../../src/notifications/notification-list.ts";
import { emailDaily } from "../../src/workers/notifications/email/email-daily.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { emailWeekly } from "../../src/workers/notifications/email/email-weekly.ts";
import { sendEmails } from "../../src/workers/notifications/email/send-emails.ts";
import { notifyFanOut } from "../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { untilStalled } from "../support/eventually.ts";
import { enqueueIn } from "../support/jobs.ts";
import { ownRedis } from "../support/own-redis.ts";
import { fakeResend, type Misbehaviour, type Taken } from "../support/resend.ts";
import { size } from "../support/sizes.ts";
import { DECISIONS_DUE, insertTeams, writeEvents } from "../support/teams.ts";
import { startTwoWorkers } from "../support/two-workers.ts";
import { createWorld, type World } from "../support/world.ts";

const EVENTS = size(1_500, 100_000);
const TEAMS = EVENTS / 25;
const WAVES = 10;
const MOST_IN_STATEMENT = 300;
/** Each wait fails once nothing moves, however slow the machine is. This limit is for what is not a wait. */
const LIMIT_MS = size(1_800_000, 21_600_000);
const DIGESTS = [emailDigest, emailDaily, emailWeekly];

/**
 * The failures of the provider's next requests. Most succeed; the others are rejected, fail, or lose their
 * connection before or after they were accepted. Five failures of one mailing in a row, which cause a
 * back-off of a minute, are rare enough.
 */
function randomFailures(): Misbehaviour[] {
  const drawn = Array.from({ length: EVENTS / 100 }, (): Misbehaviour => {
    const share = randomInt(100);
    if (share < 2) return "429";
    if (share < 6) return "500";
    if (share < 10) return "drop";
    return share < 18 ? "accept-then-drop" : "none";
  });
  return ["none", "none", "accept-then-hang", "hang", "429", "500", "drop", "accept-then-drop", ...drawn];
}

/** Decides digested deliveries a week ago: no test lasts as long as a window. */
const decideLastWeek = (world: World) =>
  world.query(
    `create function decide_last_week() returns trigger language plpgsql as $$ begin new.decided_at := new.decided_at - interval '8 days'; return new; end $$;
     create trigger decide_last_week before insert or update of decision on deliveries for each row when (new.decision = 'digested') execute function decide_last_week()`,
  );

/**
 * Opens the next windows, by moving the windows of earlier digests into the past, each to a time of its own.
 */
async function openWindows(world: World): Promise<void> {
  await world.query(
    "update email_digests set window_start = timestamptz '2000-01-01' + id * interval '1 minute'",
  );
  await enqueueIn(world, emailInstant, {});
  for (const job of DIGESTS) await enqueueIn(world, job, {});
}

/** Some users read notifications, some lose access to a document. */
async function actAsUsers(world: World): Promise<void> {
  const unread = await world.query<{ id: string; user_id: string }>(
    "select id, user_id from notifications where read_at is null order by random() limit 100",
  );
  for (const { id, user_id } of unread) await markRead(world.db.drizzle, user_id, id, new Date());
  await world.query(
    `insert into resource_permissions (resource_id, user_id, permission)
     select r.id, g.user_id, 'none' from project_access_grants g join resources r on r.project_id = g.project_id
     order by random() limit 20 on conflict do nothing`,
  );
}

const endQuietHours = (world: World) =>
  world.query(
    `with ended as (update user_notification_settings set quiet_from = null, quiet_to = null)
     update deliveries set not_before = now() where decision = 'deferred' and status = 'pending'`,
  );

/**
 * What has ended: events that were handled, deliveries and e-mails that are no longer pending. It never
 * falls, and retries do not raise it.
 */
const progressOf = (world: World) => () =>
  world.query(
    `select (select count(*) from event_outcomes) as handled,
            (select count(*) from deliveries where status <> 'pending') as decided,
            (select count(*) from emails where status <> 'pending') as mailed`,
  );

const until = (world: World, assertion: () => void | Promise<void>) =>
  untilStalled(assertion, { progress: progressOf(world) });

const untilHandled = (world: World, leastEvents: number) =>
  until(world, async () => {
    const [handled] = await world.query<{ n: number }>("select count(*)::int as n from event_outcomes");
    expect(handled?.n).toBeGreaterThan(leastEvents);
  });

const untilNoEntries = (world: World, jobs: readonly { name: string }[]) =>
  until(world, async () =>
    expect(
      await world.query("select id, error from outbox where job = any($1) limit 3", [
        jobs.map(({ name }) => name),
      ]),
    ).toEqual([]),
  );

const untilAllSent = (world: World) =>
  until(world, async () => {
    await openWindows(world);
    await untilNoEntries(world, [emailInstant, ...DIGESTS, sendEmails]);
    expect(await world.query("select id from deliveries where status = 'pending' limit 3")).toEqual([]);
  });

/** The awards in an e-mail. Each amount, written like 1,234, belongs to one award. */
const awardsIn = ({ subject, text }: Taken): Set<string> =>
  new Set([...`${subject}\n${text}`.matchAll(/([\d,]+) tokens/g)].map(([, amount]) => amount as string));

async function expectEachHandled(world: World, events: number): Promise<void> {
  const outcomes = await world.query(
    `select o.outcome, o.reason, count(*)::int as n from domain_events e left join event_outcomes o on o.event_id = e.id group by 1, 2`,
  );
  expect(outcomes).toEqual([{ outcome: "decided", reason: null, n: events }]);
}

async function expectOneDeliveryEach(world: World): Promise<void> {
  const [difference] = await world.query(
    `with due as materialized (${DECISIONS_DUE}), decided as materialized (select event_id, user_id, channel from deliveries)
     select (select count(*)::int from (select * from due except all select * from decided) x) as missing,
            (select count(*)::int from (select * from decided except all select * from due) x) as surplus`,
  );
  expect(difference).toEqual({ missing: 0, surplus: 0 });
  // Every message that was let through is counted.
  const [counts] = await world.query<{ counted: string; shown: string }>(
    `select (select coalesce(sum(count), 0) from notifications where counting) as counted,
            (select count(*) from deliveries where event_type = 'chat_message_sent' and decision = 'now') as shown`,
  );
  expect(counts?.counted).toBe(counts?.shown);
}

/**
 * Every delivery was sent in exactly one e-mail, or has a reason. Mailings that may have arrived when
 * somebody in them lost access need review.
 */
async function expectOneEmailOrReasonEach(world: World): Promise<void> {
  const others = await world.query(
    `select d.id, d.decision, d.status, d.reason, d.error, d.digest_id, array_agg(m.id) as emails
     from deliveries d left join emails m on m.delivery_id = d.id or m.digest_id = d.digest_id
     where d.channel = 'email' group by d.id
     having not case d.status when 'sent' then count(*) = 1 and bool_and(m.status = 'sent') when 'none' then d.reason is not null
                          when 'needs_review' then d.error in ('no-access', 'in one mailing with an e-mail that was stopped') else false end
     limit 5`,
  );
  expect(others).toEqual([]);
}

/** The provider accepted what was sent, each content once, and no award is in two e-mails. */
async function expectEachContentOnce(world: World, taken: readonly Taken[]): Promise<void> {
  const sent = await world.query<{ content: string; status: string }>(
    `select coalesce('delivery/' || delivery_id, 'digest/' || digest_id) as content, status from emails
     where status in ('sent', 'needs_review')`,
  );
  const contents = taken.map(({ contentKey }) => contentKey);
  expect(contents.length - new Set(contents).size).toBe(0);
  const certain = sent.filter(({ status }) => status === "sent").map(({ content }) => content);
  expect(contents).toEqual(expect.arrayContaining(certain));
  expect(sent.map(({ content }) => content)).toEqual(expect.arrayContaining(contents));
  const awards = taken.flatMap((email) => [...awardsIn(email)]);
  expect(awards.length).toBeGreaterThan(EVENTS / 50);
  expect(awards.length - new Set(awards).size).toBe(0);
}

/** Every kind of e-mail, reason and failure has occurred. */
async function expectEveryKindOccurred(world: World, resend: Awaited<ReturnType<typeof fakeResend>>) {
  const kinds = await world.query<{ kind: string; n: number }>(
    `select coalesce(g.kind, 'alone') as kind, count(*)::int as n from emails m left join email_digests g on g.id = m.digest_id
     where m.status = 'sent' group by 1`,
  );
  const sent = Object.fromEntries(kinds.map(({ kind, n }) => [kind, n]));
  for (const kind of ["alone", "hourly", "daily", "weekly"]) {
    expect(sent[kind]).toBeGreaterThan(EVENTS / 100);
  }
  const reasons = await world.query<{ reason: string }>(
    "select distinct reason from deliveries where status = 'none'",
  );
  expect(reasons.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(["frequency-none", "muted", "no-access", "read-meanwhile"]),
  );
  const answers = new Set(resend.requests.map(({ status }) => status));
  expect([...answers]).toEqual(expect.arrayContaining([200, 429, 500, null]));
}

describe("notifications under failures", () => {
  it(
    "decide each event, user and channel once, and send each e-mail once or record a reason, while workers are killed, Redis is wiped and the provider fails",
    async () => {
      const redis = await ownRedis();
      const resend = await fakeResend({ keep: "text" });
      const world = await createWorld({ redisUrl: redis.url });
      world.closing(() => resend.close());
      await insertTeams(world, { teams: TEAMS, timeZone: zoneOfNoon(new Date()) });
      await decideLastWeek(world);
      resend.misbehave = randomFailures();
      const workers = await startTwoWorkers(world, {
        WORKER_QUEUES: "notifications",
        RESEND_API_KEY: resend.apiKey,
        RESEND_BASE_URL: resend.url,
        EMAIL_FROM: "Commonwork <hello@commonwork.test>",
        PUBLIC_URL: "https://app.test",
      });
      const failures: Record<number, () => Promise<void>> = {
        2: redis.flushAll,
        4: workers.killOne,
        6: redis.flushAll,
        8: workers.killOne,
      };
      let events = 0;
      for (let wave = 0; wave < WAVES; wave++) {
        const accepted = resend.taken.length;
        events += await writeEvents(world, EVENTS / WAVES, MOST_IN_STATEMENT);
        await actAsUsers(world);
        if (wave % 2 === 0) await openWindows(world);
        // The failure and the next wave come while this one is being processed.
        await untilHandled(world, events - EVENTS / WAVES);
        await until(world, () => expect(resend.taken.length).toBeGreaterThan(accepted));
        await failures[wave]?.();
      }
      await untilNoEntries(world, [notifyFanOut]);
      await endQuietHours(world);
      await untilAllSent(world);
      await expectEachHandled(world, events);
      await expectOneDeliveryEach(world);
      await expectOneEmailOrReasonEach(world);
      await expectEachContentOnce(world, resend.taken);
      await expectEveryKindOccurred(world, resend);
    },
    LIMIT_MS,
  );
});
