import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { JWT_SECRET, userToken } from "../support/user-token.ts";
import { createWorld, type World } from "../support/world.ts";

const AT = "2026-03-08T02:00:00Z";
const EXP = Date.parse(AT) / 1_000 + 60;
const ISSUER = "https://id.example.org/";
const AUDIENCE = "commonwork";

const statusWith = async (address: string, token: string): Promise<number> =>
  (await fetch(`${address}/api/v1/notifications`, { headers: { Authorization: `Bearer ${token}` } })).status;

const addUser = async (world: World, hostId: string | null): Promise<string> => {
  const [user] = await world.query<{ id: string }>("insert into users (host_id) values ($1) returning id", [
    hostId,
  ]);
  return user?.id ?? "";
};

/** A world with an identity provider, whose key set signs the tokens. */
async function withKeySet() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
  const provider = createServer((_req, res) => void res.end(JSON.stringify({ keys: [jwk] }))).listen(
    0,
    "127.0.0.1",
  );
  await once(provider, "listening");
  const world = await createWorld({
    at: AT,
    environment: {
      AUTH_JWKS_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`,
      AUTH_JWT_ISSUER: ISSUER,
      AUTH_JWT_AUDIENCE: AUDIENCE,
    },
  });
  world.closing(async () => provider.close());
  const address = await serve(world);
  const status = async (claims: JWTPayload) =>
    statusWith(
      address,
      await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1" }).sign(privateKey),
    );
  return { world, status };
}

async function withSecret(environment: Record<string, string> = {}) {
  const world = await createWorld({ at: AT, environment: { AUTH_JWT_SECRET: JWT_SECRET, ...environment } });
  const address = await serve(world);
  const status = async (claims: JWTPayload) =>
    statusWith(
      address,
      await new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(JWT_SECRET)),
    );
  return { world, address, status };
}

describe("a token of the key set", () => {
  it("is accepted only if it is for this service", async () => {
    const { world, status } = await withKeySet();
    await addUser(world, "ada");
    const good = { sub: "ada", exp: EXP, iss: ISSUER, aud: AUDIENCE };
    expect(await status(good)).toBe(200);
    expect(await status({ ...good, aud: ["other", AUDIENCE] })).toBe(200);
    expect(await status({ ...good, aud: "another-app" })).toBe(401);
    expect(await status({ ...good, iss: "https://elsewhere.example.org/" })).toBe(401);
    expect(await status({ sub: "ada", exp: EXP, iss: ISSUER })).toBe(401);
    expect(await status({ sub: "ada", exp: EXP, aud: AUDIENCE })).toBe(401);
  });

  it("is never resolved by our number of a user, which the provider does not know", async () => {
    const { world, status } = await withKeySet();
    const claims = { exp: EXP, iss: ISSUER, aud: AUDIENCE };
    const own = await addUser(world, null);
    await addUser(world, "4711");
    expect(await status({ ...claims, sub: own })).toBe(401);
    expect(await status({ ...claims, sub: "4711" })).toBe(200);
    const [user] = await world.query<{ publicId: string }>(
      `select public_id as "publicId" from users where id = $1`,
      [own],
    );
    expect(await status({ ...claims, sub: user?.publicId ?? "" })).toBe(200);
  });
});

describe("a token", () => {
  it("must have a string as its subject", async () => {
    const { world, status } = await withSecret();
    const id = await addUser(world, null);
    expect(await status({ sub: id, exp: EXP })).toBe(200);
    expect(await status({ sub: Number(id) as never, exp: EXP })).toBe(401);
    expect(await status({ sub: [id] as never, exp: EXP })).toBe(401);
  });

  it("is not valid for longer than the greatest lifetime", async () => {
    const { world, status } = await withSecret({ AUTH_JWT_MAX_HOURS: "2" });
    const sub = await addUser(world, null);
    const now = Date.parse(AT) / 1_000;
    expect(await status({ sub, exp: now + 2 * 3_600 })).toBe(200);
    expect(await status({ sub, exp: now + 2 * 3_600 + 60 })).toBe(401);
    expect(await status({ sub, exp: 1e300 })).toBe(401);
  });

  it("is not accepted for the sender of automated messages", async () => {
    const { world, address, status } = await withSecret();
    const [system] = await world.query<{ id: string }>(
      "select id from users where public_id = '00000000-0000-0000-0000-000000000000'",
    );
    expect(system).toBeDefined();
    expect(await status({ sub: system?.id ?? "", exp: EXP })).toBe(401);
    expect(await statusWith(address, await userToken("00000000-0000-0000-0000-000000000000", AT))).toBe(401);
  });
});

it("a user gets 429 beyond their rate, and others do not", async () => {
  const { world, status } = await withSecret();
  const [eager, calm] = [await addUser(world, null), await addUser(world, null)];
  await eventually(async () => {
    const statuses = await Promise.all(Array.from({ length: 250 }, () => status({ sub: eager, exp: EXP })));
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });
  expect(await status({ sub: calm, exp: EXP })).toBe(200);
});
