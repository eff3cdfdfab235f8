import { describe, expect, it } from "vitest";
import { databaseFault } from "../../src/database-fault.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { joinReferral } from "../../src/intake/referrals.ts";
import { chain, organization, type Person, volunteer } from "../support/factories.ts";
import { createWorld, type World } from "../support/world.ts";

async function community(count: number) {
  const world = await createWorld();
  const organizationId = await organization(world);
  const people: Person[] = [];
  for (let i = 0; i < count; i++) people.push(await volunteer(world, { organizationId }));
  return { world, organizationId, people };
}

const codeOf = async (world: World, person: Person): Promise<string> =>
  (
    await world.query<{ code: string }>(
      "select referral_code as code from volunteer_profiles where id = $1",
      [person.profileId],
    )
  )[0]!.code;

/** `person` enters the code of `referrer`. */
async function join(world: World, person: Person, referrer: Person, organizationId?: string) {
  const referralCode = await codeOf(world, referrer);
  return inTransaction(world.db, (tx) =>
    joinReferral(tx, { userId: person.userId, referralCode, organizationId }),
  );
}

const uplineOf = async (world: World, person: Person): Promise<string[]> =>
  (
    await world.query<{ upline: string[] }>(
      "select upline::text[] as upline from volunteer_profiles where id = $1",
      [person.profileId],
    )
  )[0]!.upline;

const ids = (people: readonly Person[]) => people.map((person) => person.profileId);

describe("joining by a referral code", () => {
  it("makes its owner the referrer, keeps when and by whom, and reads the code in any case", async () => {
    const { world, people } = await community(2);
    const [ann, bob] = people as [Person, Person];
    const referralCode = (await codeOf(world, ann)).toLowerCase();
    const joined = await inTransaction(world.db, (tx) =>
      joinReferral(tx, { userId: bob.userId, referralCode }),
    );
    expect(joined).toEqual({ kind: "joined", profileId: bob.profileId, referrerId: ann.profileId });
    expect(await uplineOf(world, bob)).toEqual([ann.profileId]);
    expect(await world.query("select profile_id, referrer_id, by_user_id from referrals")).toEqual([
      { profile_id: bob.profileId, referrer_id: ann.profileId, by_user_id: bob.userId },
    ]);
    expect(
      await world.query("select referred_at is not null as dated from volunteer_profiles where id = $1", [
        bob.profileId,
      ]),
    ).toEqual([{ dated: true }]);
  });

  it("is refused with a reason: unknown code, no profile there, a second referrer, oneself", async () => {
    const { world, people } = await community(3);
    const [ann, bob, eve] = people as [Person, Person, Person];
    const ask = (userId: string, referralCode: string, organizationId?: string) =>
      inTransaction(world.db, (tx) => joinReferral(tx, { userId, referralCode, organizationId }));
    const code = await codeOf(world, ann);
    expect(await ask(bob.userId, "ZZZZZZZZ")).toMatchObject({ code: "unknown-code" });
    expect(await ask(bob.userId, code, "999")).toMatchObject({ code: "unknown-code" });
    expect(await ask("999", code)).toMatchObject({ code: "no-profile" });
    expect(await ask(ann.userId, code)).toMatchObject({ code: "self" });
    await join(world, bob, ann);
    expect(await join(world, bob, eve)).toMatchObject({ code: "already-referred" });
    expect(await world.query("select count(*)::int as n from referrals")).toEqual([{ n: 1 }]);
  });

  it("defect 10: a cycle A-B-C-A is refused, however long the chain", async () => {
    const { world, people } = await community(9);
    for (let i = 1; i < people.length; i++) await join(world, people[i]!, people[i - 1]!);
    expect(await join(world, people[0]!, people[2]!)).toMatchObject({ kind: "refused", code: "circle" });
    expect(await join(world, people[0]!, people[8]!)).toMatchObject({ kind: "refused", code: "circle" });
    expect(await uplineOf(world, people[0]!)).toEqual([]);
  });

  it("concurrently with others that together would close a cycle: one of them is refused", async () => {
    for (let round = 0; round < 8; round++) {
      const { world, people } = await community(3);
      const [ann, bob, eve] = people as [Person, Person, Person];
      const results = await Promise.all([
        join(world, ann, bob),
        join(world, bob, eve),
        join(world, eve, ann),
      ]);
      expect(results.filter((result) => result.kind === "joined")).toHaveLength(2);
      expect(results.filter((result) => result.kind === "refused")).toMatchObject([{ code: "circle" }]);
    }
  });
});

describe("the upline", () => {
  it("is the five nearest, nearest first", async () => {
    const { world, organizationId } = await community(0);
    const people = await chain(world, organizationId, 8);
    expect(await uplineOf(world, people[7]!)).toEqual(ids(people.slice(2, 7).reverse()));
  });

  it("of a whole branch follows when the branch moves, to a depth of five", async () => {
    const { world, organizationId, people } = await community(1);
    const branch = await chain(world, organizationId, 8);
    await join(world, branch[0]!, people[0]!);
    for (const [depth, person] of branch.entries())
      expect(await uplineOf(world, person)).toEqual(
        ids([...branch.slice(0, depth).reverse(), people[0]!]).slice(0, 5),
      );
  });

  it("follows when a statement moves several profiles of one branch at once", async () => {
    const { world, organizationId, people } = await community(2);
    const branch = await chain(world, organizationId, 5);
    await world.query(
      "update volunteer_profiles set referrer_id = case when id = $1 then $3::bigint else $4::bigint end where id in ($1, $2)",
      [branch[1]!.profileId, branch[3]!.profileId, people[0]!.profileId, people[1]!.profileId],
    );
    expect(await uplineOf(world, branch[2]!)).toEqual(ids([branch[1]!, people[0]!]));
    expect(await uplineOf(world, branch[4]!)).toEqual(ids([branch[3]!, people[1]!]));
  });

  it("never crosses into another organization", async () => {
    const { world, people } = await community(1);
    const elsewhere = await volunteer(world, { organizationId: await organization(world) });
    const crossing = world.query("update volunteer_profiles set referrer_id = $1 where id = $2", [
      elsewhere.profileId,
      people[0]!.profileId,
    ]);
    expect(databaseFault(await crossing.catch((error: unknown) => error))).toMatchObject({
      constraint: "volunteer_profiles_one_organization",
    });
  });
});
