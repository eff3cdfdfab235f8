import { describe, expect, it } from "vitest";
import { holderFindings, tableFindings } from "../../src/doctor/table-checks.ts";
import { environmentOf } from "../support/cli.ts";
import { faultsOf, line, soundWorld } from "../support/doctor.ts";

describe("commonwork doctor finds", () => {
  it("16: tables that are not cleaned up", async () => {
    const world = await soundWorld();
    await world.query("alter table outbox set (autovacuum_enabled = false)");
    expect(await faultsOf(environmentOf(world))).toEqual([
      line("Disk and tables", "Autovacuum is off for outbox.", "warning"),
    ]);
    const bloated = { name: "outbox", live: 10, dead: 200_000, autovacuum: true };
    expect(tableFindings([bloated], 1_200).map(({ found }) => found)).toEqual([
      "The table outbox has 200000 dead rows beside 10 live ones.",
      "A transaction has been open for 20 minutes: until it ends, no table is cleaned up.",
    ]);
    expect(tableFindings([{ ...bloated, live: 300_000 }], 60)).toEqual([]);
  });

  it("24: slots, prepared transactions and rows that nothing cleans up", () => {
    const none = { slots: [], prepared: [], unfrozen: 190_000_000 };
    expect(holderFindings(none)).toEqual([]);
    expect(holderFindings({ ...none, slots: [{ name: "old", mib: 1_000 }] })).toEqual([]);
    const found = holderFindings({
      slots: [{ name: "old", mib: 2_048 }],
      prepared: ["it's"],
      unfrozen: 1_500_000_000,
    });
    expect(found.map(({ status, found }) => [status, found])).toEqual([
      [
        "warning",
        "Nobody reads the replication slot old, and it keeps 2048 MiB of write-ahead log on the disk.",
      ],
      [
        "warning",
        "The prepared transaction it's was neither committed nor rolled back: no table is cleaned up, and its locks stay.",
      ],
      ["warning", "1500 million transactions were not frozen: at 2,100 million Postgres refuses writes."],
    ]);
    expect(found[1]?.action).toContain("commit prepared 'it''s'");
  });
});
