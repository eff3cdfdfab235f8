import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withoutRule } from "../../src/dev/schema/personal-columns.ts";
import { readSchema } from "../../src/dev/schema/schema-catalog.ts";
import { PAYLOAD_FIELDS } from "../../src/erasure/events.ts";
import { keeps } from "../../src/erasure/rule.ts";
import { ERASURE_RULES } from "../../src/erasure/rules.ts";
import * as calendar from "../../src/events/calendar.ts";
import type { EventType } from "../../src/events/event.ts";
import * as host from "../../src/events/host.ts";
import * as matching from "../../src/events/matching.ts";
import * as nudges from "../../src/events/nudges.ts";
import * as rewards from "../../src/events/rewards.ts";
import { createWorld } from "../support/world.ts";

describe("the rules of erasure", () => {
  it("cover every table and every column that refers to a person", async () => {
    const { tables } = await readSchema((await createWorld()).db.drizzle);
    expect(withoutRule(tables, ERASURE_RULES), "add a line to src/erasure/rules.ts").toEqual([]);
    expect(Object.keys(ERASURE_RULES).sort()).toEqual(tables.map(({ name }) => name).sort());
    for (const { name, columns } of tables) {
      const known = columns.map((column) => column.name);
      for (const rule of ERASURE_RULES[name] ?? [])
        expect(known, name).toEqual(expect.arrayContaining([...rule.columns]));
    }
  });

  it("report a new table, a column with a reference, one with a telling name, and a document", async () => {
    const world = await createWorld();
    await world.query(
      `create table extra (id bigint primary key, owner bigint references users (id), reader_id bigint, parsed jsonb)`,
    );
    const { tables } = await readSchema(world.db.drizzle);
    expect(withoutRule(tables, ERASURE_RULES)).toEqual(["extra"]);
    expect(withoutRule(tables, { ...ERASURE_RULES, extra: [keeps("a test", "reader_id")] })).toEqual([
      "extra.owner",
      "extra.parsed",
    ]);
  });

  it("know every field of an event's payload that holds the id of a user", () => {
    const types = [calendar, host, matching, nudges, rewards].flatMap(
      (area) => Object.values(area) as EventType<unknown>[],
    );
    const fields = new Set(
      types.flatMap(({ payload }) => fieldsOf(z.toJSONSchema(payload, { io: "input" }))),
    );
    const ofUsers = [...fields].filter((field) =>
      /(user|member|volunteer|actor|owner|viewer|author|candidate)_id$/.test(field),
    );
    expect(ofUsers.sort()).toEqual([...PAYLOAD_FIELDS].sort());
  });
});

/** The names of all fields, at any depth. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties } = schema as { properties?: Record<string, unknown> };
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(fieldsOf)];
}
