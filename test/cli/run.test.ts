import { describe, expect, it } from "vitest";
import { cli, cliUntil, environmentOf } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { projectFor, skilled, storedMatches } from "../support/matching.ts";
import { takeSale } from "../support/sales.ts";
import { createWorld, type World } from "../support/world.ts";

async function settledSale(world: World): Promise<string> {
  const people = await chain(world, await organization(world), 3);
  const { saleId } = await takeSale(world, { buyer: people[2] as { userId: string } });
  await world.drain();
  return saleId;
}

const statusOf = async (world: World, saleId: string) =>
  (await world.query("select status from token_sales where id = $1", [saleId]))[0]?.status;

describe("commonwork run", () => {
  it("with --dry-run shows the result and changes nothing", async () => {
    const world = await createWorld();
    const saleId = await settledSale(world);
    const answer = await cli(environmentOf(world), "run", "reverse-sale", `--saleId=${saleId}`, "--dry-run");
    expect(answer).toMatchObject({ code: 0, err: "" });
    expect(answer.out).toContain("Nothing was consumed");
    expect(answer.out).toContain("lines 2, reversed 1");
    expect(await statusOf(world, saleId)).toBe("applied");
    expect(await world.query("select id from job_runs")).toEqual([]);
    expect(await world.query("select id from audit_log")).toEqual([]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("with --dry-run --json prints the preview", async () => {
    const world = await createWorld();
    await takeSale(world, { buyer: { userId: "77" } });
    const words = ["run", "settle-unresolved-sales", "--dry-run", "--json"];
    expect(JSON.parse((await cli(environmentOf(world), ...words)).out)).toMatchObject({
      job: "settle-unresolved-sales",
      counts: { found: 0 },
      entries: [],
      fault: null,
    });
  });

  it("with --inline works without workers, and audits the actor", async () => {
    const world = await createWorld();
    const saleId = await settledSale(world);
    const answer = await cli(
      environmentOf(world),
      "run",
      "reverse-sale",
      "--sale-id",
      saleId,
      "--inline",
      "--json",
    );
    expect(answer.code).toBe(0);
    expect(JSON.parse(answer.out)).toMatchObject({ status: "done", counts: { reversed: 1, lines: 2 } });
    expect(await statusOf(world, saleId)).toBe("reversed");
    const [audited] = await world.query("select actor from audit_log where action = 'sale.reverse'");
    expect(audited?.actor).toMatch(/^cli:./);
  });

  it("follows a worker's run to its end", async () => {
    const world = await createWorld();
    await settledSale(world);
    await world.startWorkers();
    const answer = await cli(environmentOf(world), "run", "verify-ledger");
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(/run \d+ of verify-ledger is queued\n[\s\S]*is done after .* s: .*drift 0/);
  });

  it("with --detach enqueues and returns", async () => {
    const world = await createWorld();
    const answer = await cli(environmentOf(world), "run", "verify-ledger", "--detach");
    expect(answer).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^run \d+ of verify-ledger is queued\n$/),
    });
    expect(await world.enqueued()).toHaveLength(1);
  });

  it("warns after five seconds that no worker is alive, and suggests --inline; interrupted, it leaves the run to a worker", async () => {
    const world = await createWorld();
    const answer = await cliUntil("No worker serves", environmentOf(world), "run", "verify-ledger");
    expect(answer.code).toBe(130);
    expect(answer.err).toContain("No worker serves the queue maintenance");
    expect(answer.err).toContain("commonwork run verify-ledger --inline");
    await world.startWorkers();
    await eventually(async () => {
      expect(await world.query("select status from job_runs")).toEqual([{ status: "done" }]);
    });
  });

  it.each(["calculate-matches", "place-volunteer"])(
    "%s takes the volunteer by the host's id",
    async (job) => {
      const world = await createWorld();
      const organizationId = await organization(world);
      await projectFor(world, ["cooking"], { organizationId });
      const other = await skilled(world, {}, { organizationId });
      const userId = await skilled(world, { cooking: 1 }, { organizationId });
      // The host's id of one user is the number that we gave another.
      await world.query("update users set host_id = 'host-' || id");
      await world.query("update users set host_id = $2 where id = $1", [userId, other]);
      const answer = await cli(
        environmentOf(world),
        "run",
        job,
        "--volunteer-id",
        other,
        "--inline",
        "--json",
      );
      expect(answer).toMatchObject({ code: 0, err: "" });
      expect(await storedMatches(world)).toMatchObject([{ volunteer: userId }]);
    },
  );

  it("rejects a volunteer whom the host does not know", async () => {
    const world = await createWorld();
    const unknown = "0b0f3a52-8f1c-4a5e-9d3c-0c6d5b7f3a10";
    const answer = await cli(environmentOf(world), "run", "place-volunteer", "--volunteer-id", unknown);
    expect(answer).toMatchObject({ code: 1, out: "", err: expect.stringContaining(`no user ${unknown}`) });
  });

  it("rejects an invalid input before anything is written", async () => {
    const world = await createWorld();
    const answer = await cli(environmentOf(world), "run", "release-commission", "--sale-id=eight");
    expect(answer).toMatchObject({ code: 1, out: "", err: expect.stringContaining("--sale-id: ") });
    expect(await world.query("select id from job_runs")).toEqual([]);
  });

  it("rejects options that cannot be combined", async () => {
    const world = await createWorld();
    const answer = await cli(environmentOf(world), "run", "verify-ledger", "--inline", "--detach");
    expect(answer).toMatchObject({ code: 1, err: "--inline and --detach cannot be combined.\n" });
  });
});
