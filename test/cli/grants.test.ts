import { expect, it } from "vitest";
import { hostGrantsSql } from "../../src/db/host-grants.ts";
import { cli } from "../support/cli.ts";

const environment = { DATABASE_URL: "postgres://u:p@db:5432/cw", DB_SCHEMA: "cw" };

it("grants --print prints the rights of the host without a server, and runs nothing without --print", async () => {
  expect(await cli(environment, "grants", "--print", "--to", "web", "jobs")).toEqual({
    code: 0,
    out: hostGrantsSql("cw", ["web", "jobs"]),
    err: "",
  });
  expect(hostGrantsSql("cw", ["web"])).toContain('grant "cw_host" to "web";');
  expect(hostGrantsSql("cw", [])).toContain('--   grant "cw_host" to <role>;');
  expect(await cli(environment, "grants")).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("--print"),
  });
});
