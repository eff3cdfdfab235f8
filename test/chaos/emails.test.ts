import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmbeddedServers } from "../../src/dev/embedded-servers.ts";
import { emailDigest } from "../../src/workers/notifications/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email-instant.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/jobs.ts";
import { users } from "../support/platform.ts";
import { fakeResend, type Misbehaviour } from "../support/resend.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { createWorld, type World } from "../support/world.ts";

/** 4,000 in the suite; `CHAOS_EMAILS=20000 npx vitest run test/chaos/emails.test.ts` for more. */
const DELIVERIES = Number(process.env["CHAOS_EMAILS"] ?? 4_000);
const WAVES = 20;
const ITEMS_IN_DIGEST = 5;
const LIMIT_MS = 180_000 + DELIVERIES * 20;

let redis: { redisUrl: string; stop(): Promise<void> };

beforeAll(async () => {
  // A Redis of its own: it is wiped while others test.
  redis = await startEmbeddedServers({ name: "test", durable: true, databaseUrl: "postgres://not-started" });
});

afterAll(async () => {
  await redis.stop();
});

/** A zone in which it is about noon now, so that a window is open while the test runs. Its sign is the other way round. */
function zoneOfNoon(): string {
  const behind = new Date().getUTCHours() - 12;
  return behind === 0 ? "Etc/UTC" : `Etc/GMT${behind > 0 ? "+" : "-"}${Math.abs(behind)}`;
}

/** Mostly what it should be; else refused, failed, cut before or after it was taken. Two never answer. */
function misfortune(): Misbehaviour[] {
  const faults: Misbehaviour[] = ["429", "500", "drop", "accept-then-drop", "accept-then-drop"];
  const drawn = Array.from(
    { length: 400 },
    (): Misbehaviour => (randomInt(3) === 0 ? faults[randomInt(5)]! : "none"),
  );
  return ["none", "none", "accept-then-hang", ...drawn.slice(0, 40), "hang", ...drawn.slice(40)];
}

/** A wave of things to tell: one goes alone, the others into a digest, for each of these users. */
const tell = (world: World, people: readonly string[], kind: "now" | "digested", times: number) =>
  world.query(
    `with told as (
       insert into domain_events (event_type, payload)
       select 'budget.awarded', jsonb_build_object('user_id', u::text, 'profile_id', '1', 'organization_id', '1', 'period_id', '1',
              'period', 'weekly', 'period_start', '2026-02-22', 'rank', 3, 'amount', n::text)
       from unnest($1::bigint[]) u, generate_series(1, $2::int) n returning id, payload),
     outcome as (insert into event_outcomes (event_id, outcome, decided_at) select id, 'told', now() from told)
     insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at)
     select id, 'budget.awarded', (payload->>'user_id')::bigint, 'email', $3::text, case when $3::text = 'digested' then 'hourly' end,
            'pending', now() - interval '3 hours' from told`,
    [people, times, kind],
  );

describe("e-mail under fire", () => {
  it(
    "the mail service never gets two e-mails of one content, and everything is told, while workers are killed and Redis is wiped",
    async () => {
      const resend = await fakeResend({ keepBodies: false });
      const world = await createWorld({ redisUrl: redis.redisUrl });
      world.closing(() => resend.close());
      const alone = DELIVERIES / 2;
      const readers = alone / ITEMS_IN_DIGEST;
      const people = await users(world, readers);
      await world.query("update users set time_zone = $1", [zoneOfNoon()]);
      await tell(world, people, "digested", ITEMS_IN_DIGEST);
      world.relay.start();
      resend.misbehave = misfortune();
      const environment = {
        DATABASE_URL: world.config.databaseUrl,
        REDIS_URL: redis.redisUrl,
        REDIS_PREFIX: world.config.redisPrefix,
        ROLES: "worker,scheduler",
        WORKER_QUEUES: "notifications",
        RESEND_API_KEY: "re_test",
        RESEND_BASE_URL: resend.url,
        EMAIL_FROM: "Commonwork <hello@commonwork.test>",
      };
      const workers: ServiceProcess[] = await Promise.all([
        startServiceProcess(environment),
        startServiceProcess(environment),
      ]);
      world.closing(() => Promise.all(workers.map((worker) => worker.kill())));

      const perWave = Math.ceil(alone / WAVES);
      for (let wave = 0; wave < WAVES; wave++) {
        const from = wave * perWave;
        const whom = Array.from(
          { length: Math.min(perWave, alone - from) },
          (_, n) => people[(from + n) % readers]!,
        );
        await tell(world, whom, "now", 1);
        const heard = resend.taken.length;
        await ask(world, emailInstant, {});
        if (wave === 2 || wave === 11) await ask(world, emailDigest, {});
        world.relay.wake();
        if (wave === 5 || wave === 14) await world.producers.redis.flushall();
        if (wave === 8 || wave === 16) {
          await workers.shift()?.kill();
          workers.push(await startServiceProcess(environment));
        }
        // The next wave comes while this one is under way.
        await eventually(() => expect(resend.taken.length).toBeGreaterThan(heard), { withinMs: 60_000 });
      }

      await eventually(
        async () => {
          const left = await world.query(
            "select status, count(*)::int as n from deliveries where channel = 'email' group by status",
          );
          expect(left).toEqual([{ status: "sent", n: alone + readers * ITEMS_IN_DIGEST }]);
        },
        { withinMs: 120_000 },
      );
      const contents = resend.taken.map(({ contentKey }) => contentKey);
      expect(new Set(contents).size).toBe(contents.length);
      const [digests] = await world.query<{ n: number; items: number }>(
        `select count(distinct digest_id)::int as n, count(*)::int as items from deliveries where digest_id is not null`,
      );
      expect(digests!.items).toBe(readers * ITEMS_IN_DIGEST);
      expect(contents).toHaveLength(alone + digests!.n);
      expect(await world.query("select 1 from emails where status <> 'sent'")).toEqual([]);
      // It was not for lack of trouble.
      const twice = resend.requests.filter(({ key, status }) => key !== null && status === 200).length;
      expect(resend.requests.length).toBeGreaterThan(twice);
    },
    LIMIT_MS,
  );
});
