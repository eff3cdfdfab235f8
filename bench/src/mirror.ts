import { checkMappings, installMirror } from "../../src/connect/install.ts";
import { parseMapping } from "../../src/connect/mapping.ts";
import { createMirroring } from "../../src/connect/mirroring.ts";
import { applyNotes, type RoundResult, resyncPart } from "../../src/connect/reconcile.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { createLog } from "../../src/log.ts";
import { type Bench, type BenchContext, compare, type Figure, LARGE_POSTGRES, quantile } from "./bench.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";

const ACCOUNTS = 1_000_000;
const SINGLE_ROWS = 500;
const COMMITS = 100;

const MAPPING = `-- key: host_id uuid
-- source: app.accounts by id
-- source: app.profiles by account
select a.id as host_id, p.display_name as name, a.mail as email from app.accounts a left join app.profiles p on p.account = a.id`;

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

const sizeOf = ({ scale }: Pick<BenchContext, "scale">): number => Math.round(ACCOUNTS * scale);

/** What the triggers add to statements of the host, and how fast mirrors follow. */
export const mirror: Bench = {
  name: "mirror",
  postgres: LARGE_POSTGRES,
  describe: (context) =>
    `${sizeOf(context).toLocaleString("en")} accounts of a host, joined with their profiles, mirrored into users`,
  async run(context) {
    const template = await makeTemplate(context.databaseUrl, load(sizeOf(context)));
    await context.loaded();
    await compare(context, {
      baseline: () => withClone(context, template, hostFigures),
      ours: () => withClone(context, template, (scratch) => mirrored(scratch, sizeOf(context))),
    });
  },
};

async function mirrored(scratch: Scratch, accounts: number): Promise<Figure[]> {
  const [checked] = await checkMappings(scratch.db, [parseMapping("users", MAPPING)]);
  if (!checked) throw new Error("the mapping was not checked");
  await installMirror(scratch.db, checked, { actor: "bench", triggersExist: false });
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

/** What a host feels: one statement for every row, and statements of one row. */
async function hostFigures(scratch: Scratch): Promise<Figure[]> {
  const allMs = await timed(() =>
    scratch.sql("update app.accounts set seen = seen + 1, mail = mail || '.new'"),
  );
  const ids = await scratch.sql("select id from app.accounts order by id limit $1", [SINGLE_ROWS]);
  const singles: number[] = [];
  for (const { id } of ids)
    singles.push(
      await timed(() => scratch.sql("update app.accounts set mail = mail || '.one' where id = $1", [id])),
    );
  return [
    { figure: "update of every row", unit: "s", value: allMs / 1_000 },
    {
      figure: "update of one row",
      unit: "ms",
      value: quantile(
        singles.sort((a, b) => a - b),
        0.5,
      ),
    },
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
