import { sql } from "drizzle-orm";
import type { RequestHandler, Response } from "express";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isDatabaseAbsent } from "../db/faults.ts";
import { rows } from "../db/statement.ts";
import type { Runtime } from "../roles/runtime.ts";
import { refuse, refuseForNow } from "./error-response.ts";

const SECRET_ALGORITHM = "HS256";
/** What key sets of common identity providers sign with. Never the shared-secret kinds: their key would be public. */
const KEY_SET_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 5;
const KEY_SET_LIMIT_MS = 3_000;

const USER_ID = /^[1-9][0-9]{0,17}$/;
const PUBLIC_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The user of a request that `userAuth` let through: `users.id`, as decimal digits. */
export function userOf(res: Response): string {
  const { userId } = res.locals as { userId?: string };
  if (userId === undefined) throw new Error("This route is not behind userAuth.");
  return userId;
}

/**
 * Lets a request through that carries `Authorization: Bearer <JWT>` of a user that exists: signed with AUTH_JWT_SECRET (HS256)
 * or by a key of AUTH_JWKS_URL, not expired, its subject either id of the user. Otherwise 401; 503 when neither is configured,
 * or when the keys or Postgres cannot be asked.
 */
export function userAuth(runtime: Runtime): RequestHandler {
  const keys = keysOf(runtime);
  return async (req, res, next) => {
    if (keys === null) {
      const message = "The user API is off: its operator has to set AUTH_JWT_SECRET or AUTH_JWKS_URL.";
      return refuseForNow(res, 503, { code: "not-configured", message }, 60_000);
    }
    const token = BEARER.exec(req.headers.authorization ?? "")?.[1];
    if (token === undefined) return refuseToken(res, "Send Authorization: Bearer and a token.");
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: [SECRET_ALGORITHM, ...KEY_SET_ALGORITHMS],
        requiredClaims: ["sub", "exp"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: runtime.clock.now(),
      });
      const userId = await findUser(runtime, payload);
      if (userId === null) return refuseToken(res, "The subject of the token is no user of this platform.");
      res.locals.userId = userId;
    } catch (error) {
      if (error instanceof KeysUnavailable || isDatabaseAbsent(error)) {
        runtime.log.warn({ err: error }, "a token could not be checked");
        const message = "The token cannot be checked now. Try again.";
        return refuseForNow(res, 503, { code: "unavailable", message }, 5_000);
      }
      if (!(error instanceof errors.JOSEError)) throw error;
      return refuseToken(
        res,
        error instanceof errors.JWTExpired ? "The token has expired." : "The token is not valid.",
      );
    }
    next();
  };
}

/** Each kind of algorithm has its own kind of key: a token cannot choose the key set's public key as a shared secret. */
function keysOf(runtime: Runtime): JWTVerifyGetKey | null {
  const { jwtSecret, jwksUrl } = runtime.config.auth;
  const secret = jwtSecret === null ? null : new TextEncoder().encode(jwtSecret);
  const keySet =
    jwksUrl === null ? null : createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: KEY_SET_LIMIT_MS });
  if (secret === null && keySet === null) return null;
  return async (header, token) => {
    if (header.alg === SECRET_ALGORITHM && secret !== null) return secret;
    if (header.alg !== SECRET_ALGORITHM && keySet !== null) return keySet(header, token).catch(blameKeySet);
    throw new errors.JOSEAlgNotAllowed("no key of this algorithm is configured");
  };
}

class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** A token may name a key that is not in the set; whatever else goes wrong there is not the fault of the token. */
function blameKeySet(error: unknown): never {
  const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
  if ([JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some((kind) => error instanceof kind))
    throw error;
  throw new KeysUnavailable("the keys of AUTH_JWKS_URL could not be read", { cause: error });
}

async function findUser(runtime: Runtime, { sub = "" }: JWTPayload): Promise<string | null> {
  const byId = USER_ID.test(sub) ? sub : null;
  const byPublicId = PUBLIC_ID.test(sub) ? sub : null;
  if (byId === null && byPublicId === null) return null;
  const [user] = await rows<{ id: string }>(
    runtime.db.drizzle,
    sql`select id from users where id = ${byId}::bigint or public_id = ${byPublicId}::uuid`,
  );
  return user?.id ?? null;
}

function refuseToken(res: Response, message: string): void {
  res.set("WWW-Authenticate", 'Bearer realm="commonwork"');
  refuse(res, 401, { code: "bad-token", message });
}
