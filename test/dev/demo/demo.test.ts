import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { environmentOf, startCli } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { deployWithRoles, scratchDatabase } from "../../support/scratch-database.ts";
import { createWorld } from "../../support/world.ts";

it("with the rights of the app role, the demo shows every kind of webhook call, verifies the ledger, exits with 0, and cleans up an existing Redis", async () => {
  const { app } = await deployWithRoles(await scratchDatabase());
  const world = await createWorld({ database: app });
  const emails = await mkdtemp(join(tmpdir(), "cw-demo-test-"));
  onTestFinished(() => rm(emails, { recursive: true }));
  const environment = { ...environmentOf(world), EMAIL_FOLDER: emails };
  const { code, out, err } = await startCli(environment, "demo", "--once").ended;
  expect(err).toBe("");
  expect(code).toBe(0);
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
  const [address] = /http:\/\/127\.0\.0\.1:\d+$/m.exec(out)!;
  const [, folder] = /single e-mails and \d+ digests in (.+)$/m.exec(out)!;
  expect(folder).toBe(emails);
  const [email] = (await readdir(emails)).filter((name) => name.endsWith(".eml"));
  expect(await readFile(join(emails, email!), "utf8")).toMatch(
    new RegExp(`^List-Unsubscribe:\\s+<${address}/unsubscribe/`, "m"),
  );
  const [sales] = await world.query("select count(*)::int as n from token_sales");
  expect(sales?.n).toBe(370 + 20 + 20 + 20 + 2);
  await eventually(() => expect(world.producers.ready()).toBe(true));
  expect(await world.producers.redis.keys("*cw-demo-*")).toEqual([]);
});

it("the demo that stays prints a curl command each for a sale, an event and the API, keeps a run under way, and deletes its folder", async () => {
  const world = await createWorld({ environment: { EMAIL_FOLDER: "" } });
  const demo = startCli({ ...environmentOf(world), EMAIL_FOLDER: "" }, "demo");
  onTestFinished(async () => {
    demo.child.kill("SIGINT");
    await demo.ended;
  });
  await new Promise<void>((resolve, reject) => {
    demo.child.stdout.on("data", () => {
      if (/^curl .*ledger\/me.*$/m.test(demo.output.out)) resolve();
    });
    void demo.ended.then(({ err }) => reject(new Error(`the demo ended: ${err}`)));
  });
  const [sale, event, api] = demo.output.out.match(/^curl .*$/gm)!.map(requestOf);
  const send = async ({ url, ...request }: ReturnType<typeof requestOf>) => {
    const response = await fetch(url, request);
    return { code: response.status, body: await response.json() };
  };
  expect(await send(sale!)).toMatchObject({ code: 202, body: { status: "accepted" } });
  expect(await send(sale!)).toMatchObject({ code: 200, body: { status: "duplicate" } });
  expect(await send(event!)).toMatchObject({ code: 202, body: { events: [{ status: "accepted" }] } });
  await eventually(async () =>
    expect((await send(api!)).body).toMatchObject({
      lines: expect.arrayContaining([expect.objectContaining({ kind: "commission" })]),
    }),
  );
  await eventually(async () =>
    expect(
      await world.query("select 1 from job_runs where job = 'sync-calendar' and finished_at is null"),
    ).not.toEqual([]),
  );
  const [, folder] = /single e-mails and \d+ digests in (.+)$/m.exec(demo.output.out)!;
  demo.child.kill("SIGINT");
  expect((await demo.ended).code).toBe(0);
  await expect(readdir(folder!)).rejects.toThrow("ENOENT");
});

/** The request that a printed curl command makes. */
function requestOf(command: string) {
  const quoted = (flag: string) =>
    [...command.matchAll(new RegExp(`${flag} '([^']*)'`, "g"))].map(([, value]) => value!);
  const headers = Object.fromEntries(quoted("-H").map((header) => header.split(": ") as [string, string]));
  const [body] = quoted("--data-binary");
  const [url] = /http:[^ ']+/.exec(command)!;
  return { url, headers, ...(body ? { method: "POST", body } : {}) };
}
