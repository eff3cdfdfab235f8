import type { RequestHandler, Response } from "express";
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isDatabaseAbsent } from "../db/faults.ts";
import { resolveReference } from "../db/references.ts";
import type { Runtime } from "../roles/runtime.ts";
import { sendError, sendRetryLater } from "./error-response.ts";

const SECRET_ALGORITHM = "HS256";
/** The algorithms of common identity providers. Never HMAC: its key would be the published one. */
const KEY_SET_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 5;
const KEY_SET_LIMIT_MS = 3_000;

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The authenticated user of a request behind `userAuth`: `users.id` in decimal digits. */
export function userOf(res: Response): string {
  const { userId } = res.locals as { userId?: string };
  if (userId === undefined) throw new Error("This route is not behind userAuth.");
  return userId;
}

/**
 * Authenticates a user by `Authorization: Bearer <JWT>`: signed with AUTH_JWT_SECRET (HS256) or by a key of
 * AUTH_JWKS_URL, not expired, and with an id of an existing user as its subject. Otherwise 401; 503 if
 * neither is configured, or if the key set or Postgres is unavailable.
 */
export function userAuth(runtime: Runtime): RequestHandler {
  const keys = keysOf(runtime);
  return async (req, res, next) => {
    if (keys === null) {
      const message =
        "The user API is not configured: the operator must set AUTH_JWT_SECRET or AUTH_JWKS_URL.";
      return sendRetryLater(res, 503, { code: "not-configured", message }, 60_000);
    }
    const token = BEARER.exec(req.headers.authorization ?? "")?.[1];
    if (token === undefined)
      return rejectToken(res, "The request needs the header Authorization: Bearer <token>.");
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: [SECRET_ALGORITHM, ...KEY_SET_ALGORITHMS],
        requiredClaims: ["sub", "exp"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: runtime.clock.now(),
      });
      const userId = await resolveReference(runtime.db.drizzle, "users", payload.sub ?? "");
      if (userId === null) return rejectToken(res, "The subject of the token is not a known user.");
      res.locals.userId = userId;
    } catch (error) {
      if (error instanceof KeysUnavailable || isDatabaseAbsent(error)) {
        runtime.log.warn({ err: error }, "could not verify a token");
        const message = "The token cannot be verified right now. Try again later.";
        return sendRetryLater(res, 503, { code: "unavailable", message }, 5_000);
      }
      if (!(error instanceof errors.JOSEError)) throw error;
      return rejectToken(
        res,
        error instanceof errors.JWTExpired ? "The token has expired." : "The token is invalid.",
      );
    }
    next();
  };
}

/**
 * Binds each algorithm to its kind of key: a token cannot use a public key of the key set as an HMAC secret.
 */
function keysOf(runtime: Runtime): JWTVerifyGetKey | null {
  const { jwtSecret, jwksUrl } = runtime.config.auth;
  const secret = jwtSecret === null ? null : new TextEncoder().encode(jwtSecret);
  const keySet =
    jwksUrl === null ? null : createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: KEY_SET_LIMIT_MS });
  if (secret === null && keySet === null) return null;
  return async (header, token) => {
    if (header.alg === SECRET_ALGORITHM && secret !== null) return secret;
    if (header.alg !== SECRET_ALGORITHM && keySet !== null)
      return keySet(header, token).catch(rethrowKeySetError);
    throw new errors.JOSEAlgNotAllowed("no key is configured for this algorithm");
  };
}

class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** An unknown key is the token's fault; any other error means that the key set is unavailable. */
function rethrowKeySetError(error: unknown): never {
  const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
  if ([JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some((kind) => error instanceof kind))
    throw error;
  throw new KeysUnavailable("could not read the keys of AUTH_JWKS_URL", { cause: error });
}

function rejectToken(res: Response, message: string): void {
  res.set("WWW-Authenticate", 'Bearer realm="commonwork"');
  sendError(res, 401, { code: "bad-token", message });
}
