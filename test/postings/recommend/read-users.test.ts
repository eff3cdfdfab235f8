import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { rows } from "../../../src/db/statement.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { parsedFields } from "../../../src/postings/recommend/parsed-fields.ts";
import { mergeStart, readUsers } from "../../../src/postings/recommend/read-users.ts";
import type { RangeUser } from "../../../src/postings/recommend/recommend.task.ts";
import { applicant, storeList } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = new Date("2026-06-02T07:00:00Z");
const open = () => createWorld({ at: AT.toISOString() });

async function fieldsOf(world: World, parsed: unknown, fields: readonly string[]) {
  const [read] = await rows<{ parsed: Record<string, unknown> }>(
    world.db.drizzle,
    sql`select ${parsedFields(sql`c.parsed`, fields)} as parsed from (select ${JSON.stringify(parsed)}::jsonb as parsed) c`,
  );
  return read!.parsed;
}

const read = async (world: World, userId: string, texts: boolean) => {
  const users = await inTransaction(world.db, (tx) => readUsers(tx, { ids: [userId] }, { asOf: AT, texts }));
  return { users, row: (JSON.parse(users) as RangeUser[])[0]! };
};

describe("fields of a parsed CV", () => {
  it("are the requested ones, unchanged", async () => {
    const world = await open();
    const parsed = {
      skills: ["python", { name: "docker" }],
      job_title: "Engineer",
      tools: { office: ["excel"] },
      level: 3,
      phone: "1",
      empty: null,
    };
    const { phone: _, ...wanted } = parsed;
    expect(await fieldsOf(world, parsed, [...Object.keys(wanted), "headline"])).toEqual(wanted);
  });

  it("are bounded, however long the CV is", async () => {
    const world = await open();
    const long = "x".repeat(100_000);
    const names = Array.from({ length: 10_000 }, (_, n) => `skill ${n} ${"y".repeat(200)}`);
    const found = await fieldsOf(
      world,
      {
        skills: names,
        tools: [{ name: "docker" }, { name: long }, long],
        summary: long,
        about: { a: long, b: long },
      },
      ["skills", "tools", "summary", "about"],
    );
    expect(found["skills"]).toEqual(names.slice(0, 1_000).map((name) => name.slice(0, 100)));
    expect(found["tools"]).toEqual([{ name: "docker" }, null, long.slice(0, 100)]);
    expect(found["summary"]).toBe(long.slice(0, 8_000));
    expect(found["about"]).toEqual({});
  });

  it.each([[["python"]], ["python"], [7], [null]])("a CV of %j has none", async (parsed) => {
    expect(await fieldsOf(await open(), parsed, ["skills"])).toEqual({});
  });
});

describe("what is read of users", () => {
  it("is only the part of a CV that scores depend on, and its text only on request", async () => {
    const world = await open();
    const ada = await applicant(world, ["python"]);
    await world.query("update cvs set parsed_content = $1, raw_text = $2", [
      { skills: ["python"], experience: "a".repeat(100_000), summary: "builds", name: "Ada" },
      "docker ".repeat(100_000),
    ]);
    const short = await read(world, ada, false);
    expect(short.users.length).toBeLessThan(1_000);
    expect(short.row).toMatchObject({
      parsedContent: { skills: ["python"] },
      rawText: null,
      hasUnreadText: true,
    });
    const whole = await read(world, ada, true);
    expect(whole.row.parsedContent).toEqual({ skills: ["python"], summary: "builds", name: "Ada" });
    expect(whole.row.rawText).toHaveLength(50_000);
    expect(whole.row.hasUnreadText).toBe(false);
  });
});

it("a run merges from the earliest list that it may merge into", async () => {
  const world = await open();
  const since = new Date("2026-06-02T06:00:00Z");
  const start = () => inTransaction(world.db, (tx) => mergeStart(tx, since));
  expect(await start()).toEqual(since);
  for (const at of ["2026-06-02T05:59:59Z", "2026-06-02T06:45:00Z", "2026-06-02T06:30:00Z"])
    await storeList(world, await applicant(world, []), [{ id: 1, score: 1 }], new Date(at));
  expect(await start()).toEqual(new Date("2026-06-02T06:30:00Z"));
});
