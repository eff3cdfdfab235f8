import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { environmentOf, startCli } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { dumpHost, hostPathSql, hostSql } from "../../support/host-decoys.ts";
import { blocks, read } from "../../support/pages.ts";
import { deployWithRoles, type ScratchDatabase, scratchDatabase } from "../../support/scratch-database.ts";
import { createWorld, type World } from "../../support/world.ts";

/** The demo runs every part one after the other: at a load of 10 on two processors that took five minutes. */
const LIMIT_MS = 15 * 60_000;

it("with the rights of the app role, beside a host that stays as it was, the demo shows what every part does, takes the curl commands that it prints and those of the pages, and cleans up when it is stopped", {
  timeout: LIMIT_MS,
}, async () => {
  const database = await scratchDatabase();
  const host = await plantHost(database);
  const { app } = await deployWithRoles(database);
  const world = await createWorld({ database: app, environment: { EMAIL_FOLDER: "" } });
  const port = await freePort();
  const demo = startCli({ ...environmentOf(world), EMAIL_FOLDER: "" }, "demo", "--port", String(port));
  onTestFinished(async () => {
    demo.child.kill("SIGINT");
    await demo.ended;
  });
  const out = await lastCurlPrinted(demo);
  const [address = ""] = /http:\/\/127\.0\.0\.1:\d+(?=\/admin)/.exec(out) ?? [];
  expect(address).toBe(`http://127.0.0.1:${port}`);
  const [, folder = ""] = /single e-mails and \d+ digests in (.+)$/m.exec(out) ?? [];
  expectSalesShown(out);
  await expectEmailsWritten(out, folder, address);
  await expectClipsRead(world);
  await expectCurlsTaken(out, address);
  await eventually(async () =>
    expect(
      await world.query("select 1 from job_runs where job = 'sync-calendar' and finished_at is null"),
    ).not.toEqual([]),
  );
  demo.child.kill("SIGINT");
  expect(await demo.ended).toMatchObject({ code: 0, err: "" });
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
  await eventually(() => expect(world.producers.ready()).toBe(true));
  expect(await world.producers.redis.keys("*cw-demo-*")).toEqual([]);
  expect(await dumpHost(database.url)).toBe(host);
});

/** A host with a table and a function for each name of ours, and a default path. @returns its contents. */
async function plantHost({ url, query }: ScratchDatabase): Promise<string> {
  await query(hostSql());
  await query(hostPathSql(new URL(url).pathname.slice(1)));
  return dumpHost(url);
}

/** What the demo has printed once it has printed its last command. */
async function lastCurlPrinted(demo: ReturnType<typeof startCli>): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    demo.child.stdout.on("data", () => {
      if (/^curl .*search\/profiles.*$/m.test(demo.output.out)) resolve();
    });
    void demo.ended.then(({ err }) => reject(new Error(`the demo ended: ${err}`)));
  });
  return demo.output.out;
}

/** Every kind of webhook call, the books, the budgets, and what waits for an operator. */
function expectSalesShown(out: string): void {
  expect(out).toContain("Postgres");
  expect(out).toMatch(/^ +repeated call +40 +200 duplicate +nothing changed$/m);
  expect(out).toMatch(/^ +same transaction, other amount +10 +409 conflict +nothing changed$/m);
  expect(out).toMatch(/^ +wrong signature +10 +401 bad-signature +no sale$/m);
  expect(out).toMatch(/^ +sale to an unknown buyer +20 +202 accepted +unresolved$/m);
  expect(out).toMatch(/^ +sale to a referred volunteer +370 +202 accepted +applied$/m);
  expect(out).toMatch(/^ +verify-ledger +done .*drift 0/m);
  expect(out).not.toContain("VIOLATIONS");
  // faults-use 11: nothing ends as "skipped: not configured".
  for (const job of ["renew-calendar-watches", "watch-calendar", "stop-calendar-channel", "sync-calendar"])
    expect(out).toMatch(new RegExp(`^ +${job} +done`, "m"));
  expect(out).not.toContain("no calendar provider is configured");
  expect(out).toMatch(/^For an operator: 1 dead letter .*, [1-9]\d* sales on hold /m);
  expect(out).toMatch(/^ +recalculate-multipliers +done .*moved [1-9]/m);
  expect(out).toMatch(/^Multipliers: [1-9]\d* volunteers above 1\.00 /m);
  for (const period of ["Daily", "Weekly", "Monthly"])
    expect(out).toMatch(new RegExp(`^${period} budget of .*, paid [1-9]`, "m"));
}

/** E-mails in their folder; issue 15: postings of all sources, and the best of them in the weekly e-mail. */
async function expectEmailsWritten(out: string, folder: string, address: string): Promise<void> {
  const [email] = (await readdir(folder)).filter((name) => name.endsWith(".eml"));
  expect(await readFile(join(folder, email!), "utf8")).toMatch(
    new RegExp(`^List-Unsubscribe:\\s+<${address}/unsubscribe/`, "m"),
  );
  expect(out).toMatch(/^ +scrape-job-postings +done .*stored 1[5-9]/m);
  expect(out).toMatch(/^ +Users processed: 4 of 4$/m);
  expect(out).toMatch(/^[1-9]\d* job recommendations for 4 users; the best of each$/m);
  expect(out).toMatch(/^ +email-weekly +done .*digests 4/m);
  const [, weekly] = /^ +recommendations of the week: (digest-\d+\.eml)/m.exec(out)!;
  expect(await readFile(join(folder, weekly!), "utf8")).toMatch(/^Subject: .*recommendation/m);
  const [, german] = /^ +in German: ([\w-]+\.eml)/m.exec(out)!;
  expect(await readFile(join(folder, german!), "utf8")).toMatch(/^Guten Tag /m);
}

/** Issue 17: pictures, sounds and clips that the demo makes itself. */
async function expectClipsRead(world: World): Promise<void> {
  const clips = await world.query(
    `select m.status, m.mime_type, m.width, m.height, m.duration_ms::int as ms, m.details, m.fault
     from media m where m.kind = 'VIDEO' order by m.storage_key like '%cut-off%'`,
  );
  expect(clips).toMatchObject([
    {
      status: "READY",
      mime_type: "video/mp4",
      width: 160,
      height: 96,
      ms: 2_000,
      details: { videoCodec: "avc", frameRate: 10 },
    },
    { status: "FAILED_PROCESSING", fault: "truncated" },
  ]);
  expect(
    await world.query(
      `select 1 from post_media a join media m on m.id = a.media_id join posts p on p.id = a.post_id
       where m.kind = 'VIDEO' and m.status = 'READY' and p.content_type = 'video'`,
    ),
  ).toHaveLength(1);
  const [sales] = await world.query("select count(*)::int as n from token_sales");
  expect(sales?.n).toBe(370 + 20 + 20 + 20 + 2);
}

async function expectCurlsTaken(out: string, address: string): Promise<void> {
  const [variables] = /^export .*$/m.exec(out)!;
  const [sale, event, api, recommendations, explanation, jobs, people] = out.match(/^curl .*$/gm)!;
  expect(await shell(sale!)).toMatch(/"accepted".*\n202$/);
  expect(await shell(sale!)).toMatch(/"duplicate".*\n200$/);
  expect(await shell(event!)).toMatch(/"accepted".*\n202$/);
  await eventually(async () => expect(await shell(api!)).toContain('"kind":"commission"'));
  expect(await shell(recommendations!)).toMatch(/"match_reasons":\["[^"]+".*\n200$/s);
  expect(await shell(explanation!)).toMatch(/\n200$/);
  expect(await shell(jobs!)).toMatch(/"remote_type":"remote".*\n200$/s);
  expect(await shell(people!)).toMatch(/"people":\[\{.*\n200$/s);
  for (const command of documentedCommands()) {
    const statuses = (
      await shell(`${variables}\n${command.replace(/(http:\/\/)?localhost:3000/g, address)}`)
    ).match(/^\d{3}$/gm);
    expect(statuses, command).toHaveLength(command.match(/curl /g)!.length);
    for (const status of statuses!) expect(status, command).toMatch(/^2/);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Runs commands as a user would paste them. Each curl prints the status of its answer on its own line. */
async function shell(commands: string): Promise<string> {
  const curl = `curl() { command curl -sS -w '\\n%{http_code}\\n' "$@"; }`;
  const { stdout } = await promisify(execFile)("bash", ["-euc", `${curl}\n${commands}`]);
  return stdout.trim();
}

/** The blocks of the pages that call the service; a stream has no end. */
function documentedCommands(): string[] {
  const found = ["README.md", "docs/webhooks.md", "docs/api.md", "docs/operations/notifications.md"].flatMap(
    (page) => blocks(read(page), "sh").filter((block) => /^curl /m.test(block)),
  );
  expect(found.length).toBeGreaterThan(4);
  return found.map((block) => block.replace(/^.*until Ctrl-C.*$/m, ""));
}
