import { expect, it } from "vitest";
import { users } from "../../support/platform.ts";
import { recordStatements, rowsRead } from "../../support/statements.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";
import { PASSWORDS, visitors } from "./browser.ts";

const AT = "2026-03-09T12:00:00Z";
const ROWS = 20_000;
const PEOPLE = 1_000;
/** The rows of an hour, and those beside them that a plan may touch. */
const HOUR = 4_000;
const LARGE = [
  "deliveries",
  "emails",
  "notifications",
  "domain_events",
  "event_outcomes",
  "audit_log",
  "media",
];

/** A row a second: events with twenty recipients each, of which each gets an e-mail. */
async function fill(world: World): Promise<string[]> {
  const people = await users(world, PEOPLE);
  const at = (n: string) => `'${AT}'::timestamptz - (${ROWS} - ${n}) * interval '1 second'`;
  const fillWith = (statement: string) => world.query(statement, [ROWS]);
  await fillWith(
    `insert into domain_events (id, event_type, created_at)
     select n, 'document_uploaded', ${at("n * 20")} from generate_series(1, $1::int / 20) n`,
  );
  await fillWith(
    "insert into event_outcomes (event_id, outcome, decided_at) select id, 'decided', created_at from domain_events where id <= $1",
  );
  await world.query("delete from outbox");
  await fillWith(
    `insert into notifications (id, user_id, event_type, event_id, title, body, link, created_at, updated_at)
     select n, ${people[0]} + n % ${PEOPLE}, 'document_uploaded', (n + 19) / 20, 'Title', 'Body', '/', ${at("n")}, ${at("n")}
     from generate_series(1, $1::int) n`,
  );
  await fillWith(
    `insert into deliveries (id, event_id, event_type, user_id, channel, notification_id, decision, reason, status, created_at)
     select n, (n + 19) / 20, 'document_uploaded', ${people[0]} + n % ${PEOPLE}, 'email', n,
            case when n % 100 = 0 then 'skipped' else 'now' end, case when n % 100 = 0 then 'muted' end,
            case when n % 100 = 0 then 'none' else 'sent' end, ${at("n")}
     from generate_series(1, $1::int) n`,
  );
  await fillWith(
    `insert into emails (id, batch_id, user_id, delivery_id, status, created_at)
     select n, 1, ${people[0]} + n % ${PEOPLE}, n, 'sent', ${at("n")} from generate_series(1, $1::int) n`,
  );
  await fillWith(
    `insert into audit_log (id, at, actor, action, subject)
     select n, ${at("n")}, case when n = 7 then 'cli:ada' else 'service' end, case when n = 8 then 'mirror.resume' else 'commission.recheck' end,
            'token_sales:' || n from generate_series(1, $1::int) n`,
  );
  await fillWith(
    `insert into media (id, owner_id, kind, status, created_at, checked_at)
     select n, ${people[0]}, 'IMAGE', case when n % 1000 = 0 then 'REJECTED' else 'READY' end, ${at("n")}, ${at("n")}
     from generate_series(1, $1::int) n`,
  );
  await world.query("analyze");
  return people;
}

/** The most rows of a large table that one statement of a page reads. */
async function mostRead(world: World, open: () => Promise<unknown>): Promise<number> {
  const statements = await recordStatements(world, open);
  let most = 0;
  for (const statement of statements.filter(({ text }) => /^\s*(select|with)/i.test(text)))
    for (const table of LARGE) most = Math.max(most, await rowsRead(world, statement, table));
  return most;
}

it("pages of the dashboard read only the rows of the chosen time range from large tables", async () => {
  const world = await createWorld({ at: AT, environment: PASSWORDS });
  const [, ada] = await fill(world);
  const { viewer } = await visitors(await serve(world));
  const limits: readonly (readonly [path: string, most: number])[] = [
    ["/sales", 10],
    ["/notifications?within=1+hour", HOUR],
    ["/notifications?within=1+hour&reason=muted", HOUR],
    ["/notifications/why?event=900", 200],
    [`/notifications/why?user=${ada}`, 200],
    [`/notifications/why?user=${ada}&event=1`, 100],
    ["/email-results?within=1+hour", HOUR],
    ["/media", 200],
    ["/audit", 300],
    ["/audit?actor=cli%3Aada", 300],
    ["/audit?action=mirror.resume", 300],
    ["/audit?subject=token_sales%3A9", 300],
    ["/audit?within=1+hour", 300],
    [`/people/${ada}`, 100],
  ];
  for (const [path, most] of limits) {
    const read = await mostRead(world, async () => {
      expect([path, (await viewer.send("GET", `/admin${path}`)).status]).toEqual([path, 200]);
    });
    expect(read, path).toBeLessThanOrEqual(most);
  }
});
