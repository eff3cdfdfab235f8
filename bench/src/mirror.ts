import { checkMappings, installMirror } from "../../src/connect/install.ts";
import { parseMapping } from "../../src/connect/mapping.ts";
import { createMirroring } from "../../src/connect/mirroring.ts";
import { applyNotes, type RoundResult, resyncPart } from "../../src/connect/reconcile.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { createLog } from "../../src/log.ts";
import {
  type Bench,
  type BenchContext,
  compare,
  type Figure,
  LARGE_POSTGRES,
  measure,
  quantile,
} from "./bench.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { named, watchingLoop } from "./loop-delays.ts";

const ACCOUNTS = 1_000_000;
const SINGLE_ROWS = 500;
/** Rows of a statement that follows those of one row in a session, whose plans it gets. */
const MANY_ROWS = 100_000;
const COMMITS = 100;
const MESSAGES = 5_000_000;
const PER_ROOM = 100;
const AUTHORS = 10_000;

const MAPPING = `-- key: host_id uuid
-- source: app.accounts by id
-- source: app.profiles by account
select a.id as host_id, p.display_name as name, a.mail as email from app.accounts a left join app.profiles p on p.account = a.id`;

const ROOM_MAPPING = `-- key: host_id uuid
-- source: app.rooms by id
select r.id as host_id, r.subject as topic from app.rooms r`;

const MESSAGE_MAPPING = `-- key: host_id uuid
-- source: app.posts by id
select p.id as host_id, p.room as thread_id, p.author as sender_id, p.words as body, p.sent_at as created_at from app.posts p`;

const load = (accounts: number) => async (scratch: Scratch) => {
  await scratch.sql("create schema app");
  await scratch.sql(
    "create table app.accounts (id uuid primary key default gen_random_uuid(), mail text, seen int not null default 0)",
  );
  await scratch.sql(
    "create table app.profiles (account uuid primary key references app.accounts, display_name text not null)",
  );
  await scratch.sql(
    "insert into app.accounts (mail) select 'user' || n || '@host.test' from generate_series(1, $1::int) n",
    [accounts],
  );
  await scratch.sql(
    "insert into app.profiles (account, display_name) select id, 'Name of ' || mail from app.accounts",
  );
};

/** Rooms with messages of a year, each by one of the first accounts. */
const loadMessages = (messages: number, authors: number) => async (scratch: Scratch) => {
  await load(authors)(scratch);
  await scratch.sql(
    "create table app.rooms (id uuid primary key default gen_random_uuid(), n int unique, subject text not null)",
  );
  await scratch.sql(
    `create table app.posts (id uuid primary key default gen_random_uuid(), room uuid not null references app.rooms,
       author uuid not null references app.accounts, words text not null, sent_at timestamptz not null)`,
  );
  await scratch.sql(
    "insert into app.rooms (n, subject) select n, 'Room ' || n from generate_series(0, $1::int) n",
    [Math.ceil(messages / PER_ROOM)],
  );
  await scratch.sql(
    `insert into app.posts (room, author, words, sent_at)
     select r.id, a.id, 'Message ' || m || ' of a conversation about when to meet next.', now() - interval '1 year' + m * interval '1 second'
     from generate_series(1, $1::int) m join app.rooms r on r.n = m / $2::int
     join (select id, row_number() over (order by id) - 1 as n from app.accounts) a on a.n = m % $3::int`,
    [messages, PER_ROOM, authors],
  );
};

const sizeOf = ({ scale }: Pick<BenchContext, "scale">): number => Math.round(ACCOUNTS * scale);

/** What the triggers add to statements of the host, and how fast mirrors follow. */
export const mirror: Bench = {
  name: "mirror",
  postgres: LARGE_POSTGRES,
  describe: (context) =>
    `${sizeOf(context).toLocaleString("en")} accounts of a host, joined with their profiles, mirrored into users; then the backfill of ` +
    `${(MESSAGES * context.scale).toLocaleString("en")} messages in rooms of ${PER_ROOM}`,
  async run(context) {
    const template = await makeTemplate(context.databaseUrl, load(sizeOf(context)));
    const messages = Math.round(MESSAGES * context.scale);
    const withMessages = await makeTemplate(context.databaseUrl, loadMessages(messages, AUTHORS));
    await context.loaded();
    await compare(context, {
      baseline: () => withClone(context, template, hostFigures),
      ours: () =>
        withClone(context, template, (scratch) => watchingLoop(() => mirrored(scratch, sizeOf(context)))),
    });
    await measure(context, async () => {
      const figures = await withClone(context, withMessages, (scratch) =>
        watchingLoop(() => messagesBackfilled(scratch, messages)),
      );
      return figures.map((figure) => named("messages", figure));
    });
  },
};

async function install(scratch: Scratch, table: string, mapping: string): Promise<void> {
  const [checked] = await checkMappings(scratch.db, [parseMapping(table, mapping)]);
  if (!checked) throw new Error("the mapping was not checked");
  await installMirror(scratch.db, checked, { actor: "bench", triggersExist: false });
}

async function messagesBackfilled(scratch: Scratch, messages: number): Promise<Figure[]> {
  await install(scratch, "users", MAPPING);
  await install(scratch, "chat_threads", ROOM_MAPPING);
  await untilIdle(() => resyncPart(scratch.db));
  await install(scratch, "messages", MESSAGE_MAPPING);
  const backfillMs = await timed(() => untilIdle(() => resyncPart(scratch.db)));
  const [row] = await scratch.sql("select count(*)::int as mirrored from messages");
  if (row?.["mirrored"] !== messages) throw new Error(`${String(row?.["mirrored"])} messages are mirrored`);
  return [{ figure: "backfill", unit: "s", value: backfillMs / 1_000 }];
}

async function mirrored(scratch: Scratch, accounts: number): Promise<Figure[]> {
  await install(scratch, "users", MAPPING);
  const backfillMs = await timed(() => untilIdle(() => resyncPart(scratch.db)));
  await expectEqual(scratch, accounts);
  const host = await hostFigures(scratch);
  const reconcileMs = await timed(() => untilIdle(() => applyNotes(scratch.db)));
  await expectEqual(scratch, accounts);
  const lags = (await lagsOf(scratch)).sort((a, b) => a - b);
  const verifyMs = await timed(async () => {
    const verified = await compareMirrors(scratch.db, {
      repair: false,
      actor: "bench",
      catchUp: async () => undefined,
    });
    if (verified.some(({ count, rows }) => count > 0 || rows !== accounts))
      throw new Error("the mirror differs");
  });
  return [
    ...host,
    { figure: "changed keys", unit: "1/s", value: (accounts / reconcileMs) * 1_000 },
    { figure: "backfill", unit: "s", value: backfillMs / 1_000 },
    { figure: "commit to mirrored, p50", unit: "ms", value: quantile(lags, 0.5) },
    { figure: "commit to mirrored, p95", unit: "ms", value: quantile(lags, 0.95) },
    { figure: "verify", unit: "s", value: verifyMs / 1_000 },
  ];
}

/** What a host feels: statements of one row, then in the same session of many, and of every row. */
async function hostFigures(scratch: Scratch): Promise<Figure[]> {
  // What was loaded before is not written to the disk meanwhile.
  await scratch.sql("checkpoint");
  const ids = await scratch.sql("select id from app.accounts order by id limit $1", [SINGLE_ROWS]);
  const singles: number[] = [];
  for (const { id } of ids)
    singles.push(
      await timed(() => scratch.sql("update app.accounts set mail = mail || '.one' where id = $1", [id])),
    );
  const manyMs = await timed(() =>
    scratch.sql(
      "update app.accounts set seen = seen + 1 where id = any (array(select id from app.accounts limit $1))",
      [MANY_ROWS],
    ),
  );
  const allMs = await timed(() =>
    scratch.sql("update app.accounts set seen = seen + 1, mail = mail || '.new'"),
  );
  const single = quantile(
    singles.sort((a, b) => a - b),
    0.5,
  );
  return [
    { figure: "update of every row", unit: "s", value: allMs / 1_000 },
    { figure: "update of one row", unit: "ms", value: single },
    { figure: "update of 100,000 rows after single ones", unit: "s", value: manyMs / 1_000 },
  ];
}

/** From the commit of a change to its row in the mirror, while a worker looks every 250 ms. */
async function lagsOf(scratch: Scratch): Promise<number[]> {
  const log = createLog({ level: "silent", format: "json" });
  const mirroring = createMirroring({ db: scratch.db, log, patienceMs: 0 });
  mirroring.start();
  const ids = await scratch.sql("select id::text as id from app.accounts order by id desc limit $1", [
    COMMITS,
  ]);
  const lags: number[] = [];
  for (const { id } of ids) {
    await scratch.sql("update app.accounts set mail = 'followed@host.test' where id = $1::uuid", [id]);
    lags.push(
      await timed(async () => {
        const seen = "select 1 from users where host_id = $1 and email = 'followed@host.test'";
        while ((await scratch.sql(seen, [id])).length === 0);
      }),
    );
  }
  await mirroring.stop();
  return lags;
}

async function untilIdle(round: () => Promise<RoundResult>): Promise<void> {
  while ((await round()).kind !== "idle");
}

async function expectEqual(scratch: Scratch, accounts: number): Promise<void> {
  const [row] = await scratch.sql(
    `select count(*)::int as equal from app.accounts a join app.profiles p on p.account = a.id
     join users u on u.host_id = a.id::text and u.email = a.mail and u.name = p.display_name`,
  );
  if (row?.["equal"] !== accounts)
    throw new Error(`${String(row?.["equal"])} of ${accounts} rows are mirrored`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
