import { describe, expect, it, onTestFinished, vi } from "vitest";
import { resyncedSoFar, verifiedSoFar } from "../../src/cli/mirror-progress.ts";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { environmentOf } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { mirrored, reconcile } from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

/** Mirrored companies of a host. */
async function scene() {
  const world = await createWorld();
  await mirrored(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 30) n");
  await reconcile(world);
  return world;
}

/** Makes standard error a terminal, which progress bars are drawn on. @returns what is drawn. */
function drawnBars(): () => string {
  let drawn = "";
  const before = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
  Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    drawn += text;
    return true;
  });
  onTestFinished(() => {
    write.mockRestore();
    if (before) Object.defineProperty(process.stderr, "isTTY", before);
    else Reflect.deleteProperty(process.stderr, "isTTY");
  });
  return () => drawn;
}

/** Starts `commonwork connect` as on a terminal. */
function onTerminal(world: World, ...argv: string[]) {
  const output = { out: "", err: "" };
  const user = new AbortController();
  const terminal: Terminal = {
    environment: environmentOf(world),
    write(text) {
      output.out += text;
    },
    writeError(text) {
      output.err += text;
    },
    interactive: true,
    interrupted: () => user.signal,
    exitCode: 0,
  };
  const ended = runCli(["connect", ...argv], terminal).then((code) => ({ code, ...output }));
  return { ended, interrupt: () => user.abort() };
}

/** Resolves when workers are to compare the rows of a mirror. */
const begun = (world: World, mirror: string) =>
  eventually(async () =>
    expect(
      await world.query("select 1 from mirrors where resync is not null and table_name = $1", [mirror]),
    ).toHaveLength(1),
  );

describe("commonwork connect verify", () => {
  it("shows a progress bar on a terminal, and none beside JSON", async () => {
    const world = await scene();
    const drawn = drawnBars();
    const asJson = await onTerminal(world, "verify", "--json").ended;
    expect(JSON.parse(asJson.out)).toContainEqual(
      expect.objectContaining({ mirror: "organizations", rows: 30 }),
    );
    expect([asJson.err, drawn()]).toEqual(["", ""]);
    const result = await onTerminal(world, "verify").ended;
    expect(result).toMatchObject({ code: 0, err: "" });
    expect(result.out).toMatch(/^organizations +30 +0/m);
    expect(drawn()).toMatch(/verify \[.*\] 0%/);
    expect(drawn()).toMatch(/verify \[.*\] 100%/);
  });
});

describe("commonwork connect backfill on a terminal", () => {
  it("shows how far the workers are, until all rows are compared", async () => {
    const world = await scene();
    const drawn = drawnBars();
    const { ended } = onTerminal(world, "backfill", "organizations");
    await begun(world, "organizations");
    await reconcile(world);
    expect(await ended).toMatchObject({ code: 0, out: "organizations: all rows were compared.\n" });
    expect(drawn()).toMatch(/backfill \[.*\] 100%/);
  });

  it("ends with the reason when a mirror is stopped", async () => {
    const world = await scene();
    drawnBars();
    await world.query("alter table app.companies rename column title to name");
    const { ended } = onTerminal(world, "backfill", "organizations");
    await begun(world, "organizations");
    await reconcile(world);
    expect(await ended).toMatchObject({
      code: 1,
      out: "organizations is stopped: 42703 a column that the mapping reads does not exist\n",
    });
  });

  it("leaves the workers to it when it is interrupted, detached, or prints JSON", async () => {
    const world = await scene();
    drawnBars();
    const { ended, interrupt } = onTerminal(world, "backfill", "organizations");
    await begun(world, "organizations");
    interrupt();
    expect(await ended).toMatchObject({
      code: 130,
      out: "",
      err: expect.stringContaining("Workers continue"),
    });
    expect(await onTerminal(world, "backfill", "users", "--detach").ended).toMatchObject({
      code: 0,
      out: "users is being compared by the running workers.\n",
    });
    const asJson = await onTerminal(world, "backfill", "users", "--json").ended;
    expect(JSON.parse(asJson.out)).toEqual([{ mirror: "users" }]);
    await reconcile(world);
  });
});

describe("the progress of mirrors", () => {
  const estimates = new Map([
    ["users", 200],
    ["messages", 0],
  ]);

  it("of a verification: those before the current one have ended", () => {
    expect(verifiedSoFar(["users", "messages"], { mirror: "users", rows: 100 }, estimates)).toEqual([
      { mirror: "users", rows: 100, share: 0.495 },
      { mirror: "messages", rows: 0, share: 0 },
    ]);
    expect(verifiedSoFar(["users", "messages"], { mirror: "messages", rows: 5 }, estimates)).toEqual([
      { mirror: "users", rows: 0, share: 1 },
      { mirror: "messages", rows: 5, share: 0.99 },
    ]);
    expect(verifiedSoFar(["posts"], { mirror: "posts", rows: 5 }, estimates)).toMatchObject([{ share: 0 }]);
  });

  it("of a resync: the rows of the host are one half, our own the other", () => {
    const shareAt = (resync: "host" | "own" | null, resyncRows: number, stopped = false) =>
      resyncedSoFar({ table: "users", resync, resyncRows, stopped }, estimates).share;
    expect(shareAt("host", 0)).toBe(0);
    expect(shareAt("host", 100)).toBeCloseTo(0.2475);
    expect(shareAt("own", 0)).toBe(0.5);
    expect(shareAt("own", 900)).toBeCloseTo(0.995);
    expect(shareAt(null, 0)).toBe(1);
    expect(shareAt("host", 100, true)).toBe(1);
  });
});
