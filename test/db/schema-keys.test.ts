import { expect, it } from "vitest";
import { enqueuedChannel, lockKey, RELAYED_SETTING } from "../../src/db/schema-keys.ts";
import { filesIn, read } from "../support/pages.ts";
import { createWorld } from "../support/world.ts";

it("the keys of locks, settings and channels contain the schema", async () => {
  const world = await createWorld();
  const schema = world.config.databaseSchema;
  const [row] = await world.query(
    `select ${lockKey("scheduler")} = hashtextextended($1 || '.scheduler.', 0) as scheduler,
            ${lockKey("email-of-users", "7")} = hashtextextended($1 || '.email-of-users.7', 0) as users, ${RELAYED_SETTING} as setting`,
    [schema],
  );
  expect(row).toEqual({ scheduler: true, users: true, setting: `${schema}.relayed` });
  expect(enqueuedChannel(schema)).toBe(`${schema}_enqueued`);
});

it("no statement builds such a key itself, and no migration builds one without the schema", () => {
  for (const file of filesIn("src", ".ts").filter((name) => name !== "src/db/schema-keys.ts")) {
    const text = read(file);
    expect(
      text.match(/hashtext|advisory\w*\(\s*\d|set_config\(\s*'commonwork|\b(listen|notify) commonwork/gi),
      file,
    ).toBeNull();
  }
  const keys = filesIn("drizzle", ".sql").flatMap(
    (file) => read(file).match(/(hashtext\w*|pg_notify|current_setting)\(.*/g) ?? [],
  );
  expect(keys.length).toBeGreaterThan(2);
  // The setting of policies is the host's, whichever schema it connects to.
  for (const key of keys.filter((each) => !each.includes("app.user_id")))
    expect(key).toMatch(/^\w+\(current_schema\(\) \|\| '[._]/);
});
