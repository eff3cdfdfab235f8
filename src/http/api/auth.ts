import type { RequestHandler, Response } from "express";
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Clock } from "../../clock.ts";
import { isDatabaseAbsent } from "../../db/faults.ts";
import { resolveReference } from "../../db/references.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater, tooManyRequests } from "../requests/error-response.ts";
import { createRateLimit } from "../requests/rate-limit.ts";

const SECRET_ALGORITHM = "HS256";
/** The algorithms of common identity providers. Never HMAC: its key would be a published one. */
const KEY_SET_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 5;
const KEY_SET_LIMIT_MS = 3_000;

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** Requests of one user: all routes together. */
const USER_PER_SECOND = 20;
const USER_BURST = 200;

/** The user whose token a request carries: `users.id` in decimal digits. */
export type Caller = { readonly userId: string; readonly tokenExpiresAt: Date };

/** The authenticated user of a request behind `userAuth`. */
export function callerOf(res: Response): Caller {
  const { caller } = res.locals as { caller?: Caller };
  if (caller === undefined) throw new Error("This route is not behind userAuth.");
  return caller;
}

/** Their id. */
export const userOf = (res: Response): string => callerOf(res).userId;

/**
 * Authenticates a user by `Authorization: Bearer <JWT>`: signed with AUTH_JWT_SECRET (HS256) or by a key of
 * AUTH_JWKS_URL, for this service where issuer and audience are configured, not expired and not valid for too
 * long, and with an id of an existing user as its subject. Otherwise 401; 429 beyond the rate of a user; 503
 * if neither is configured, or if the key set or Postgres is unavailable.
 */
export function userAuth(runtime: Runtime): RequestHandler {
  const keys = keysOf(runtime);
  const readToken = keys && rememberTokens((token) => verifyToken(runtime, keys, token), runtime.clock);
  const findUser = createUserLookup(runtime);
  const limit = createRateLimit({
    redis: runtime.producers.redis,
    keyPrefix: `${runtime.config.redisPrefix}:limit:user`,
    burst: USER_BURST,
    perSecond: USER_PER_SECOND,
  });
  return async (req, res, next) => {
    if (readToken === null) {
      const message =
        "The user API is not configured: the operator must set AUTH_JWT_SECRET or AUTH_JWKS_URL.";
      return sendRetryLater(res, 503, { code: "not-configured", message }, 60_000);
    }
    const token = BEARER.exec(req.headers.authorization ?? "")?.[1];
    if (token === undefined) return rejectToken(res, "Send the header Authorization: Bearer <token>.");
    try {
      const claims = await readToken(token);
      const userId = await findUser(claims);
      if (userId === null) return rejectToken(res, "The subject of the token is not a known user.");
      res.locals.caller = { userId, tokenExpiresAt: claims.expiresAt } satisfies Caller;
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
    const waitMs = await limit.take(userOf(res));
    if (waitMs > 0) return tooManyRequests(res, waitMs);
    next();
  };
}

type Claims = {
  readonly subject: string;
  readonly expiresAt: Date;
  /** Signed with the shared secret, by the host itself. */
  readonly isOurs: boolean;
};

/** At most this many verified tokens are cached, and for at most this long, since a key may be withdrawn. */
const MAX_REMEMBERED = 5_000;
const REMEMBERED_MS = 60_000;

/**
 * Verifies each token once a minute: clients send the same one with every request, and checking a signature
 * takes two round trips to another thread. An expired token is not cached.
 */
function rememberTokens(
  verify: (token: string) => Promise<Claims>,
  clock: Clock,
): (token: string) => Promise<Claims> {
  const known = new Map<string, { readonly claims: Claims; readonly untilMs: number }>();
  return async (token) => {
    const nowMs = clock.now().getTime();
    const found = known.get(token);
    if (found && nowMs < found.untilMs) return found.claims;
    const claims = await verify(token);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(token, { claims, untilMs: Math.min(claims.expiresAt.getTime(), nowMs + REMEMBERED_MS) });
    return claims;
  };
}

/** @throws a JOSEError if the token is not valid here and now, KeysUnavailable */
async function verifyToken(runtime: Runtime, keys: JWTVerifyGetKey, token: string): Promise<Claims> {
  const { issuer, audience, maxLifetimeMs } = runtime.config.auth;
  const now = runtime.clock.now();
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    algorithms: [SECRET_ALGORITHM, ...KEY_SET_ALGORITHMS],
    requiredClaims: ["sub", "exp"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: now,
    ...(issuer === null ? {} : { issuer }),
    ...(audience === null ? {} : { audience }),
  });
  const { sub, exp } = payload as { sub: unknown; exp: number };
  if (typeof sub !== "string") throw new errors.JWTInvalid("the claim sub is not a string");
  const expiresAt = new Date(exp * 1_000);
  if (!(expiresAt.getTime() - now.getTime() <= maxLifetimeMs + CLOCK_TOLERANCE_SECONDS * 1_000))
    throw new errors.JWTInvalid("the token is valid for too long");
  return { subject: sub, expiresAt, isOurs: protectedHeader.alg === SECRET_ALGORITHM };
}

/**
 * Finds users by the subjects of tokens. Numeric subjects of an identity provider are not our ids, so our ids
 * are accepted only from the host itself. The sender of automated messages does not sign in.
 */
function createUserLookup(runtime: Runtime): (claims: Claims) => Promise<string | null> {
  const on = runtime.db.drizzle;
  let systemUser: string | null = null;
  return async ({ subject, isOurs }) => {
    const userId = await resolveReference(on, "users", subject, { ownIds: isOurs });
    systemUser ??= await resolveReference(on, "users", runtime.config.matching.systemUser);
    return userId === systemUser ? null : userId;
  };
}

/**
 * Binds each algorithm to its kind of key: a token cannot use a public key of the key set as an HMAC secret.
 */
function keysOf(runtime: Runtime): JWTVerifyGetKey | null {
  const { jwtSecret, jwksUrl } = runtime.config.auth;
  const secret = jwtSecret === null ? null : hmacKey(jwtSecret);
  const keySet =
    jwksUrl === null ? null : createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: KEY_SET_LIMIT_MS });
  if (secret === null && keySet === null) return null;
  return async (header, token) => {
    if (header.alg === SECRET_ALGORITHM && secret !== null) return await secret;
    if (header.alg !== SECRET_ALGORITHM && keySet !== null)
      return keySet(header, token).catch(rethrowKeySetError);
    throw new errors.JOSEAlgNotAllowed("no key is configured for this algorithm");
  };
}

/** The key, imported once: given its bytes, the verifier would import them for every token. */
const hmacKey = (secret: string) =>
  crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);

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
