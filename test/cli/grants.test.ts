import { expect, it } from "vitest";
import { hostGrantsSql } from "../../src/db/migrate/host-grants.ts";
import { cli } from "../support/cli.ts";

const address = { databaseSchema: "cw" };
const environment = { DATABASE_URL: "postgres://u:p@db:5432/cw", DB_SCHEMA: "cw" };

it("grants --print prints the rights of the host without a server, and runs nothing without --print", async () => {
  expect(await cli(environment, "grants", "--print", "--to", "web", "jobs")).toEqual({
    code: 0,
    out: hostGrantsSql(address, ["web", "jobs"]),
    err: "",
  });
  expect(hostGrantsSql(address, ["web"])).toContain('grant "cw_host", "cw_reader" to "web";');
  expect(hostGrantsSql(address, [])).toContain('--   grant "cw_host", "cw_reader" to <role>;');
  const elsewhere = await cli({ ...environment, DB_RESULTS_SCHEMA: "found" }, "grants", "--print");
  expect(elsewhere.out).toBe(hostGrantsSql({ ...address, resultsSchema: "found" }, []));
  expect(elsewhere.out).toContain('"found".match_scores');
  expect(await cli(environment, "grants")).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("--print"),
  });
});
