import { SignJWT } from "jose";
import type { BenchContext, Figure } from "./bench.ts";
import { type Scratch, vacuumLoaded } from "./database.ts";
import { figuresOf, latencyEnvironment } from "./latency.ts";
import { getRequest, openLoop } from "./load-client.ts";
import { startCommonwork } from "./service.ts";

const PER_SECOND = 200;
const SECONDS = 20;
/** Until the code is compiled by V8 it is slower than it will be. */
const WARM_UP_SECONDS = 10;
const SECRET = "a shared secret of at least 32 bytes";
const TOKENS = 1_000;
const AN_HOUR_S = 3_600;

/** What is read, as figures name it, and its path. */
export type ApiRead = { readonly name: string; readonly path: string };

/**
 * From the time at which a request is to be sent to its response: an answer of the HTTP API to users at
 * random, at 200 requests/s, from a process of its own. Nothing else runs: no worker, and no cleaning up of
 * Postgres after what was loaded or computed before.
 *
 * @param users have the ids from 1 on.
 */
export async function apiReads(
  context: BenchContext,
  scratch: Scratch,
  users: number,
  { name, path }: ApiRead,
): Promise<Figure[]> {
  await vacuumLoaded(scratch);
  await scratch.sql("checkpoint");
  const api = await startCommonwork({
    ...latencyEnvironment(context, scratch),
    ROLES: "api",
    AUTH_JWT_SECRET: SECRET,
  });
  try {
    const tookMs: number[] = [];
    const failed = new Map<number, number>();
    const requests = await readRequests(context, users, path);
    await openLoop(api.port, requests, PER_SECOND, (index, status, _, took) => {
      if (status !== 200) failed.set(status, (failed.get(status) ?? 0) + 1);
      else if (index >= PER_SECOND * WARM_UP_SECONDS) tookMs.push(took);
    });
    for (const [status, count] of failed) context.say(`${count} requests were answered by status ${status}`);
    tookMs.sort((a, b) => a - b);
    return figuresOf(`${name} by the API at ${PER_SECOND}/s`, tookMs);
  } finally {
    await api.stop();
  }
}

/** Requests of up to 1,000 users, whose tokens are made in advance. */
async function readRequests({ random }: BenchContext, users: number, path: string): Promise<Buffer[]> {
  const expiresAt = Math.floor(Date.now() / 1_000) + AN_HOUR_S;
  const pages = await Promise.all(
    Array.from({ length: Math.min(TOKENS, users) }, async () => {
      const token = await new SignJWT({ exp: expiresAt })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(String(1 + Math.floor(random() * users)))
        .sign(new TextEncoder().encode(SECRET));
      return getRequest(path, { authorization: `Bearer ${token}` });
    }),
  );
  return Array.from(
    { length: PER_SECOND * (SECONDS + WARM_UP_SECONDS) },
    (_, n) => pages[n % pages.length] as Buffer,
  );
}
