import { describe, expect, it } from "vitest";
import { missingObjects } from "../../src/doctor/schema-checks.ts";
import { declaredObjects, objectKey } from "../../src/doctor/schema-objects.ts";
import { environmentOf } from "../support/cli.ts";
import { faultsOf, line, soundWorld } from "../support/doctor.ts";

describe("commonwork doctor finds", () => {
  it("20: a trigger, an index, a constraint, a function, a column or a table of ours that was dropped", async () => {
    const world = await soundWorld();
    const [{ schema = "" } = {}] = await world.query<{ schema: string }>("select current_schema() as schema");
    const restore: string[] = [];
    for (const [drop, found] of [
      [
        "drop trigger ledger_entries_append_only on ledger_entries",
        "trigger ledger_entries_append_only on ledger_entries is missing",
      ],
      ["drop index outbox_due", "index outbox_due on outbox is missing or invalid"],
      [
        "alter table ledger_entries drop constraint ledger_entries_amount",
        "constraint ledger_entries_amount on ledger_entries is missing",
      ],
    ] as const) {
      await world.query(drop);
      const faults = await faultsOf(environmentOf(world));
      expect(faults).toEqual([line("Schema objects", `The ${found}.`)]);
      const [, statement = ""] =
        /^Run as the owner of the schema: (.*?)(?: -- .*)?$/.exec(faults[0]?.action ?? "") ?? [];
      restore.push(statement);
      await world.query(statement);
    }
    expect(restore[0]).toMatch(
      new RegExp(`^set search_path = "?${schema}"?; CREATE TRIGGER ledger_entries_append_only BEFORE DELETE`),
    );
    expect(await faultsOf(environmentOf(world))).toEqual([]);
    await world.query("drop function refuse_unbalanced() cascade");
    await world.query("alter table schedules drop column paused_at cascade");
    await world.query("drop table robots_files");
    const faults = await faultsOf(environmentOf(world));
    expect(faults.filter(({ check }) => check === "Schema objects").map(({ found }) => found)).toEqual([
      "The function refuse_unbalanced is missing.",
      "The table robots_files is missing.",
      "The column paused_at on schedules is missing.",
      "The trigger ledger_transaction_balanced on ledger_unbalanced is missing.",
    ]);
    for (const { action } of faults) expect(action).toEqual(expect.any(String));
  });

  it("21: a dump of which most was not restored, in a few lines", async () => {
    const declared = await declaredObjects();
    expect(declared.length).toBeGreaterThan(1_000);
    const whole = new Set(declared.map(objectKey));
    expect(missingObjects(declared, whole)).toEqual([]);
    const world = await soundWorld();
    await world.query(
      `do $$ declare t record; begin
         for t in select c.oid::regclass as "table", tgname from pg_trigger g join pg_class c on c.oid = g.tgrelid
           where c.relnamespace = current_schema()::regnamespace and not tgisinternal
         loop execute format('drop trigger %I on %s', t.tgname, t.table); end loop; end $$`,
    );
    const faults = await faultsOf(environmentOf(world));
    expect(faults).toHaveLength(6);
    expect(faults[5]).toEqual(line("Schema objects", /^\d{2,} more objects of the schema are missing\.$/));
  });
});
