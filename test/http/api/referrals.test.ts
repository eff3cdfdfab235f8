import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { chain, organization } from "../../support/factories.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

const SECRET = "a shared secret of at least 32 bytes";
const AT = "2026-03-08T02:00:00Z";
const SECONDS = Date.parse(AT) / 1_000;

const FOR_US = { AUTH_JWT_ISSUER: "https://id.example.org/", AUTH_JWT_AUDIENCE: "commonwork" };
const CLAIMS = { iss: FOR_US.AUTH_JWT_ISSUER, aud: FOR_US.AUTH_JWT_AUDIENCE };

const token = (subject: string, claims: { exp?: number; secret?: string } = {}) =>
  new SignJWT({ exp: claims.exp ?? SECONDS + 60 })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(subject)
    .sign(new TextEncoder().encode(claims.secret ?? SECRET));

async function join(
  address: string,
  bearer: string | null,
  body: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${address}/api/v1/referrals`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error?: { code: string } },
  };
}

async function community() {
  const world = await createWorld({ at: AT, environment: { AUTH_JWT_SECRET: SECRET } });
  const address = await serve(world);
  const organizationId = await organization(world);
  const [top, below] = await chain(world, organizationId, 2);
  const [alone] = await chain(world, organizationId, 1);
  if (!top || !below || !alone) throw new Error("no profiles");
  return {
    world,
    address,
    organizationId,
    top,
    below,
    alone,
    codeOf: (person: { profileId: string }) => codeOf(world, person),
  };
}

async function codeOf(world: World, person: { profileId: string }): Promise<string> {
  const [profile] = await world.query<{ code: string }>(
    "select referral_code as code from volunteer_profiles where id = $1",
    [person.profileId],
  );
  return profile?.code ?? "";
}

describe("POST /api/v1/referrals", () => {
  test("201: makes the owner of the code the referrer of the user, once", async () => {
    const { world, address, organizationId, below, alone, codeOf } = await community();
    const code = await codeOf(below);
    const body = { referral_code: ` ${code.toLowerCase()} `, organization_id: Number(organizationId) };
    const answer = await join(address, await token(alone.userId), body);
    expect(answer).toMatchObject({
      status: 201,
      body: { status: "joined", profile: alone.profileId, referrer: below.profileId },
    });
    const again = await join(address, await token(alone.userId), body);
    expect(again).toMatchObject({ status: 409, body: { error: { code: "already-referred" } } });
    const [profile] = await world.query("select referrer_id from volunteer_profiles where id = $1", [
      alone.profileId,
    ]);
    expect(profile).toEqual({ referrer_id: below.profileId });
  });

  test("the subject of the token may be the public id", async () => {
    const { world, address, below, alone, codeOf } = await community();
    const [user] = await world.query<{ id: string }>("select public_id as id from users where id = $1", [
      alone.userId,
    ]);
    const answer = await join(address, await token(user?.id ?? ""), { referral_code: await codeOf(below) });
    expect(answer.status).toBe(201);
  });

  test("the subject and the organization may be the host's ids, ours only where there is none", async () => {
    const { world, address, organizationId, below, alone, codeOf } = await community();
    await world.query("update users set host_id = 'auth0|7f' where id = $1", [alone.userId]);
    await world.query("update organizations set host_id = 'green-city' where id = $1", [organizationId]);
    const referral_code = await codeOf(below);
    const ask = async (subject: string, organization_id: string) =>
      join(address, await token(subject), { referral_code, organization_id });
    expect(await ask(alone.userId, "green-city")).toMatchObject({ status: 401 });
    expect(await ask("auth0|7f", organizationId)).toMatchObject({
      status: 422,
      body: { error: { faults: [{ field: "organization_id", fault: "is unknown" }] } },
    });
    expect(await ask("auth0|7f", "green-city")).toMatchObject({ status: 201 });
    expect(await ask(below.userId, "green-city")).toMatchObject({
      status: 422,
      body: { error: { code: "self" } },
    });
  });

  test("each rejection has its status and code", async () => {
    const { world, address, top, below, alone, codeOf } = await community();
    const [stranger] = await world.query<{ id: string }>("insert into users default values returning id");
    const refusal = async (userId: string, referral_code: string) => {
      const { status, body } = await join(address, await token(userId), { referral_code });
      return [status, body.error?.code];
    };
    expect(await refusal(alone.userId, "NOSUCH00")).toEqual([404, "unknown-code"]);
    expect(await refusal(stranger?.id ?? "", await codeOf(top))).toEqual([404, "no-profile"]);
    expect(await refusal(top.userId, await codeOf(below))).toEqual([409, "circle"]);
    expect(await refusal(alone.userId, await codeOf(alone))).toEqual([422, "self"]);
  });

  test.each([
    ["no code", {}, "referral_code"],
    ["a short code", { referral_code: "ABC" }, "referral_code"],
    ["a code that is a number", { referral_code: 12345678 }, "referral_code"],
    [
      "an organization that is not an id",
      { referral_code: "ABCD1234", organization_id: "x" },
      "organization_id",
    ],
    [
      "an organization beyond bigint",
      { referral_code: "ABCD1234", organization_id: "9".repeat(19) },
      "organization_id",
    ],
    ["a list", [], "body"],
  ])("422 names the field: %s", async (_, body, field) => {
    const { address, alone } = await community();
    const answer = await join(address, await token(alone.userId), body);
    expect(answer).toMatchObject({ status: 422, body: { error: { faults: [{ field }] } } });
  });

  test("400 for a body that is not JSON", async () => {
    const { address, alone } = await community();
    expect(await join(address, await token(alone.userId), "{")).toMatchObject({
      status: 400,
      body: { error: { code: "not-json" } },
    });
  });
});

describe("tokens", () => {
  const unsigned = (subject: string) =>
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(`{"sub":"${subject}","exp":${SECONDS + 60}}`).toString("base64url")}.`;

  test("401 for anything that is not a token of a user", async () => {
    const { address, alone } = await community();
    const bearers = [
      null,
      "hello",
      unsigned(alone.userId),
      await token(alone.userId, { secret: "another secret of at least 32 bytes!" }),
      await token(alone.userId, { exp: SECONDS - 10 }),
      await token("9999999999"),
      await token("0"),
      await token("1; drop table users"),
      await token("00000000-0000-4000-8000-000000000000"),
      await new SignJWT({})
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(alone.userId)
        .sign(new TextEncoder().encode(SECRET)),
      await new SignJWT({ exp: SECONDS + 60 })
        .setProtectedHeader({ alg: "HS512" })
        .setSubject(alone.userId)
        .sign(new Uint8Array(64)),
    ];
    for (const bearer of bearers) {
      const answer = await join(address, bearer, { referral_code: "ABCD1234" });
      expect(answer).toMatchObject({ status: 401, body: { error: { code: "bad-token" } } });
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  test("a token that was accepted before is refused once it has expired, and when its user is erased", async () => {
    const { world, address, alone } = await community();
    const bearer = await token(alone.userId);
    const status = async (): Promise<number> => (await join(address, bearer, "{")).status;
    expect([await status(), await status()]).toEqual([400, 400]);
    world.at(new Date((SECONDS + 66) * 1_000).toISOString());
    expect(await status()).toBe(401);
    world.at(AT);
    expect(await status()).toBe(400);
    await world.query("update users set erased_at = now() where id = $1", [alone.userId]);
    expect(await status()).toBe(401);
  });

  test("503 while neither secret nor key set is configured", async () => {
    const world = await createWorld();
    const answer = await join(await serve(world), await token("1"), {});
    expect(answer).toMatchObject({ status: 503, body: { error: { code: "not-configured" } } });
  });

  test("a key set: its keys are accepted, its public key is not a shared secret, and without it 503", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
    let up = true;
    const provider = createServer((_req, res) => {
      res.statusCode = up ? 200 : 500;
      res.end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, "127.0.0.1");
    await once(provider, "listening");
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`;
    const world = await createWorld({ at: AT, environment: { AUTH_JWKS_URL: url, ...FOR_US } });
    world.closing(async () => provider.close());
    const [user] = await world.query<{ id: string }>(
      "insert into users (host_id) values ('ada') returning id",
    );
    const signed = await new SignJWT({ ...CLAIMS, exp: SECONDS + 60 })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setSubject("ada")
      .sign(privateKey);
    up = false;
    const down = await join(await serve(world), signed, { referral_code: "ABCD1234" });
    expect(down).toMatchObject({ status: 503, body: { error: { code: "unavailable" } } });
    up = true;
    const address = await serve(world);
    expect(await join(address, signed, { referral_code: "ABCD1234" })).toMatchObject({ status: 404 });
    const forged = await token(user?.id ?? "", { secret: JSON.stringify(jwk) });
    expect(await join(address, forged, { referral_code: "ABCD1234" })).toMatchObject({ status: 401 });
    const unknownKey = await new SignJWT({ ...CLAIMS, exp: SECONDS + 60 })
      .setProtectedHeader({ alg: "ES256", kid: "k2" })
      .setSubject("ada")
      .sign(privateKey);
    expect(await join(address, unknownKey, { referral_code: "ABCD1234" })).toMatchObject({ status: 401 });
  });
});
