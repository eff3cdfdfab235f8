import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { environmentOf, startCli } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { deployWithRoles, scratchDatabase } from "../../support/scratch-database.ts";
import { createWorld } from "../../support/world.ts";

it("with the rights of the app role, the demo shows every kind of webhook call, verifies the ledger, exits with 0, and cleans up an existing Redis", async () => {
  const { app } = await deployWithRoles(await scratchDatabase());
  const world = await createWorld({ database: app });
  const { code, out, err } = await startCli(environmentOf(world), "demo", "--once").ended;
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
  expect(out).toMatch(/^ +recalculate-multipliers +done .*moved [1-9]/m);
  expect(out).toMatch(/^Multipliers: [1-9]\d* volunteers above 1\.00 /m);
  for (const period of ["Daily", "Weekly", "Monthly"])
    expect(out).toMatch(new RegExp(`^${period} budget of .*, paid [1-9]`, "m"));
  const [address] = /http:\/\/127\.0\.0\.1:\d+$/m.exec(out)!;
  const [, folder] = /single e-mails and \d+ digests in (.+)$/m.exec(out)!;
  const [email] = (await readdir(folder!)).filter((name) => name.endsWith(".eml"));
  expect(await readFile(join(folder!, email!), "utf8")).toMatch(
    new RegExp(`^List-Unsubscribe:\\s+<${address}/unsubscribe/`, "m"),
  );
  const [sales] = await world.query("select count(*)::int as n from token_sales");
  expect(sales?.n).toBe(370 + 20 + 20 + 20 + 2);
  await eventually(() => expect(world.producers.ready()).toBe(true));
  expect(await world.producers.redis.keys("*cw-demo-*")).toEqual([]);
});
