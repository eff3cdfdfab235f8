import { describe, expect, it } from "vitest";
import { MappingFault, parseMapping } from "../../src/connect/mapping.ts";

const SELECT = "select a.id as host_id, a.name from app.accounts a";
const HEADER = "-- key: host_id uuid\n-- source: app.accounts by id\n";

describe("a mapping file", () => {
  it("is a header and a select", () => {
    const text = `-- The people of the host.
-- key: host_id uuid
-- source: app.accounts by id
-- source: public."Profile" by "accountId"
-- source: app.teams by id through select m.account from app.members m where m.team = any($1)
-- ignore: app.accounts (seen_at, "visitCount")
-- gone: tombstone
select a.id as host_id, a.name
-- of those who are confirmed
from app.accounts a;
`;
    expect(parseMapping("users", text)).toEqual({
      table: "users",
      key: [{ name: "host_id", type: "uuid" }],
      sources: [
        { schema: "app", table: "accounts", by: ["id"], through: null, ignored: ["seen_at", "visitCount"] },
        { schema: "public", table: "Profile", by: ["accountId"], through: null, ignored: [] },
        {
          schema: "app",
          table: "teams",
          by: ["id"],
          through: "select m.account from app.members m where m.team = any($1)",
          ignored: [],
        },
      ],
      gone: "tombstone",
      select: "select a.id as host_id, a.name\nfrom app.accounts a",
      text,
    });
  });

  it("may have a key of several columns, with types that have commas of their own", () => {
    const text =
      "-- key: thread_id numeric(10, 2), user_id character varying(20)\n-- source: app.people by room, account\nselect 1";
    expect(parseMapping("chat_thread_participants", text)).toMatchObject({
      key: [
        { name: "thread_id", type: "numeric(10, 2)" },
        { name: "user_id", type: "character varying(20)" },
      ],
      sources: [{ by: ["room", "account"] }],
    });
  });

  it.each([
    [
      "has an unknown header",
      `${HEADER}-- keys: id\n${SELECT}`,
      /"keys" is none of key, source, gone, ignore/,
    ],
    ["has no key", `-- source: app.accounts by id\n${SELECT}`, /needs one line `-- key:/],
    [
      "has a key without a type",
      `-- key: host_id\n-- source: app.accounts by id\n${SELECT}`,
      /the key "host_id"/,
    ],
    [
      "has a type that ends a statement",
      `-- key: host_id uuid); drop table users\n-- source: app.accounts by id\n${SELECT}`,
      /must be a column of the select and its type/,
    ],
    [
      "has a key that is not host_id",
      `-- key: id uuid\n-- source: app.accounts by id\n${SELECT}`,
      /column host_id/,
    ],
    ["names no source", `-- key: host_id uuid\n${SELECT}`, /needs a line `-- source:/],
    [
      "names a source without a schema",
      `-- key: host_id uuid\n-- source: accounts by id\n${SELECT}`,
      /<schema>\.<table>/,
    ],
    [
      "names a source twice",
      `${HEADER}-- source: app.accounts by id\n${SELECT}`,
      /names the source app.accounts twice/,
    ],
    [
      "names a source with too few columns",
      `-- key: thread_id uuid, user_id uuid\n-- source: app.people by room\n${SELECT}`,
      /as many columns as the key/,
    ],
    [
      "has a through without its parameter",
      `${HEADER}-- source: app.teams by id through select 1\n${SELECT}`,
      /through select/,
    ],
    [
      "has an unknown gone",
      `${HEADER}-- gone: purge\n${SELECT}`,
      /gone must be one of delete, tombstone, keep/,
    ],
    [
      "ignores columns without a list",
      `${HEADER}-- ignore: app.accounts.seen_at\n${SELECT}`,
      /the line ignore/,
    ],
    [
      "ignores columns of another table",
      `${HEADER}-- ignore: app.teams (size)\n${SELECT}`,
      /no source names/,
    ],
    ["ignores the key", `${HEADER}-- ignore: app.accounts (id)\n${SELECT}`, /the source is by it/],
    ["has no select", HEADER, /needs a select/],
    ["has two statements", `${HEADER}${SELECT}; drop table users`, /one statement/],
  ])("that %s is refused", (_, text, reason) => {
    expect(() => parseMapping("users", text)).toThrow(MappingFault);
    expect(() => parseMapping("users", text)).toThrow(reason);
  });
});
