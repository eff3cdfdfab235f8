import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { AT, greenhouseJob, postingsScene, serveGreenhouse } from "../support/postings.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork postings:sources", () => {
  it("shows each source, its last success, next fetch and counts, and what it waits for", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "remotive,greenhouse:northwind" });
    serveGreenhouse(boards, [greenhouseJob(1), {}]);
    boards.serve("/remotive/api/remote-jobs", { status: 404 });
    await scrape();
    const environment = {
      ...environmentOf(world),
      POSTING_LISTS: "remotive,greenhouse:northwind",
      FETCH_CONTACT: "ops@example.org",
    };
    const { code, out } = await cli(environment, "postings:sources");
    expect(code).toBe(0);
    const line = (start: string) => out.split("\n").find((each) => each.startsWith(start)) ?? "";
    expect(line("greenhouse:northwind")).toMatch(/2026-06-02 06:00:00Z .* 2 +1 +0 +1 /);
    expect(line("remotive ")).toMatch(/- +2026-06-02 06:15:00Z .*Remotive +status-404$/);
    expect(line("adzuna")).toMatch(/adzuna:<board> in POSTING_LISTS, ADZUNA_APP_ID and ADZUNA_APP_KEY$/);
    expect(line("jsonld")).toMatch(/jsonld:<board> in POSTING_LISTS$/);
    const json = await cli(environment, "postings:sources", "--json");
    expect(JSON.parse(json.out)).toHaveLength(8);
    expect(JSON.parse(json.out)).toContainEqual(
      expect.objectContaining({ source: "greenhouse", lastSuccess: new Date(AT).toISOString(), failures: 0 }),
    );
  });

  it("refuses a list of an unknown source", async () => {
    const world = await createWorld();
    const environment = { ...environmentOf(world), POSTING_LISTS: "monster", FETCH_CONTACT: "a@b.example" };
    const { code, err } = await cli(environment, "postings:sources");
    expect(code).toBe(1);
    expect(err).toContain('POSTING_LISTS names the unknown source "monster"');
  });
});

describe("the configuration of job postings", () => {
  const servers = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };
  it.each([
    [{ POSTING_LISTS: "remotive" }, /FETCH_CONTACT must be set/],
    [{ POSTING_LISTS: "remotive,remotive" }, /POSTING_LISTS must be a list of sources/],
    [{ POSTING_BASE_URLS: "remotive=ftp://x" }, /POSTING_BASE_URLS must be a list of source=URL/],
    [{ ADZUNA_APP_ID: "x" }, /must be set together/],
    [{ FETCH_ALLOW_LOOPBACK: "true" }, /unless NODE_ENV is development/],
  ])("refuses %o", (variables, message) => {
    expect(() => readConfig({ ...servers, ...variables })).toThrow(message);
  });
});
