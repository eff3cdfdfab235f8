import { describe, expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { balanceOf, chain, organization } from "../support/factories.ts";
import { createWorld, type World } from "../support/world.ts";

const sale = (world: World, ...words: string[]) => cli(environmentOf(world), "sale", ...words);

describe("commonwork sale", () => {
  it("records a sale through the intake, for an id and for a public id", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 2);
    const [referrer, buyer] = people as [(typeof people)[0], (typeof people)[0]];
    const answer = await sale(
      world,
      "--user-id",
      buyer.userId,
      "--amount",
      "100.0",
      "--transaction-id",
      "test_1",
    );
    expect(answer).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Accepted: .*\(sale \d+, receipt \d+\)\n$/),
    });
    const [user] = await world.query<{ public_id: string }>("select public_id from users where id = $1", [
      buyer.userId,
    ]);
    await sale(world, `--userId=${user?.public_id}`, "--amount=50", "--transactionId=test_2");
    await world.drain();
    expect(await balanceOf(world, referrer)).toBe("15000000");
  });

  it("is a duplicate with the same values, and a conflict with others", async () => {
    const world = await createWorld();
    const words = ["--user-id=7", "--transaction-id=test_1", "--json"];
    const first = JSON.parse((await sale(world, ...words, "--amount=100.10")).out);
    const again = await sale(world, ...words, "--amount=100.1");
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toEqual({ ...first, status: "duplicate" });
    const other = await sale(world, ...words, "--amount=100.11");
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out)).toEqual({ ...first, status: "conflict" });
    const audited = await world.query(
      "select details->>'status' as status from audit_log where action = 'sale.take' order by id",
    );
    expect(audited.map(({ status }) => status)).toEqual(["accepted", "duplicate", "conflict"]);
  });

  it("reports every invalid option by its name, and records nothing", async () => {
    const world = await createWorld();
    const answer = await sale(
      world,
      "--user-id=0",
      "--amount=1.1234567",
      "--transaction-id=",
      "--currency=EUR",
      "--timestamp=today",
    );
    expect(answer.code).toBe(1);
    expect(answer.err.match(/--[a-z-]+/g)).toEqual([
      "--user-id",
      "--amount",
      "--transaction-id",
      "--currency",
      "--timestamp",
    ]);
    expect(await world.query("select id from inbox")).toEqual([]);
  });

  it("records the number that names the buyer: the host's id if it is one, else ours", async () => {
    const world = await createWorld();
    await world.query(
      "insert into users (id, host_id) values (1, '70'), (2, '8c9b7a52-3b1e-4f0e-9a55-0d6a4c6f0b01'), (3, '2')",
    );
    const take = (user: string, n: number) =>
      sale(world, "--user-id", user, "--amount=1", `--transaction-id=t${n}`);
    expect(await take("70", 1)).toMatchObject({ code: 0 });
    expect(await take("5", 2)).toMatchObject({ code: 0 });
    // Our id 2 of the second user is the host's id of the third.
    expect(await take("8c9b7a52-3b1e-4f0e-9a55-0d6a4c6f0b01", 3)).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be the buyer"),
    });
    await world.query("delete from users where id = 3");
    expect(await take("8c9b7a52-3b1e-4f0e-9a55-0d6a4c6f0b01", 4)).toMatchObject({ code: 0 });
    expect(await world.query("select buyer_user_id as buyer from token_sales order by id")).toEqual([
      { buyer: "70" },
      { buyer: "5" },
      { buyer: "2" },
    ]);
  });

  it("rejects an unknown public id", async () => {
    const world = await createWorld();
    const nobody = "00000000-0000-4000-8000-000000000000";
    const answer = await sale(world, `--user-id=${nobody}`, "--amount=1", "--transaction-id=t");
    expect(answer).toMatchObject({ code: 1, err: `There is no user ${nobody}.\n` });
  });
});
