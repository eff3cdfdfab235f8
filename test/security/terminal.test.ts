import { expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { chain, organization } from "../support/factories.ts";
import { createWorld } from "../support/world.ts";

const HOSTILE = "Ada\u001b]0;owned\u0007\nprofile 1 Eve\u202e";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

it("a name with escape sequences does not reach the terminal of an operator", async () => {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 2);
  await world.query("update users set name = $1", [HOSTILE]);
  await world.query(
    "insert into outbox (queue, job, key, payload, dead_at, error) values ('multipliers', 'x', $1, jsonb_build_object('n', $1::text), now(), $1)",
    [HOSTILE],
  );
  const [letter] = await world.query<{ id: string }>("select id from outbox where job = 'x'");
  for (const words of [
    ["referral:tree", "--user-id", people[0]?.userId ?? ""],
    ["dead", "list"],
    ["dead", "list", "--json"],
    ["dead", "show", letter?.id ?? ""],
  ]) {
    const { out } = await cli(environmentOf(world), ...words);
    expect(out).toContain("owned");
    expect(out).not.toMatch(CONTROL);
    expect(out).not.toMatch(/^profile 1 Eve/m);
  }
});
