import { createHash, createHmac, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { outsideServer } from "./outside.ts";

/**
 * How the next request fails: with a status or an error of Resend's, without an answer, or with a dropped
 * connection, before or after it was accepted.
 */
export type Misbehaviour =
  | "none"
  | "429"
  | "500"
  | "hang"
  | "drop"
  | "accept-then-drop"
  | "accept-then-hang"
  | { readonly status: number; readonly name: string; readonly message?: string };

/** An accepted e-mail. */
export type Taken = {
  readonly id: string;
  /** The idempotency key of its request. */
  readonly idempotencyKey: string | null;
  /** Identifies its content: equal for two e-mails about the same thing. */
  readonly contentKey: string | null;
  readonly to: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
  readonly text: string;
};

type Email = {
  from?: string;
  to?: string | string[];
  subject?: string;
  html?: string;
  text?: string;
  headers?: Record<string, string>;
};
type Answer = { readonly status: number; readonly body: unknown };
type Remembered = { readonly hash: string; readonly atMs: number; readonly answer: Answer };

const KEY_LIFE_MS = 24 * 3_600_000;
const BATCH_MAX = 100;
const ADDRESS = /^([^<>]+ )?<?[^\s<>@]+@[^\s<>@]+>?$/;

type Kept = "everything" | "text" | "keys";

/**
 * A Resend server with the real rules: an API key, idempotency keys that are valid for 24 hours (the same key
 * with another body is a conflict), batches of at most 100, strict or permissive, a limit of requests per
 * second, and one of their size. `keep`: the parts of each e-mail that are kept, for tests with many. GET
 * returns the number of accepted e-mails, for other processes.
 */
export async function fakeResend(options: { perSecond?: number; keep?: Kept } = {}) {
  const { perSecond = 0, keep = "everything" } = options;
  const state = createState(perSecond);
  const account: Account = {
    state,
    keep,
    keys: new Map(),
    isOverLimit: requestLimit(() => state.perSecond),
  };
  const server = await outsideServer((body, response, request) => {
    // E-mails are kept one by one, if at all.
    server.bodies.length = 0;
    if (request.method === "GET") return void response.end(JSON.stringify(countsOf(state.taken)));
    answer(account, body, response, request);
  });
  return Object.assign(state, { url: server.url, close: server.close });
}

/** What tests set and read. */
const createState = (perSecond: number) => ({
  apiKey: "re_test",
  perSecond,
  misbehave: [] as Misbehaviour[],
  /** Addresses whose e-mail is too large: a request with one is rejected as a whole. */
  oversized: [] as string[],
  /** Addresses that are rejected as invalid, in addition to those that are. */
  refused: [] as string[],
  /** Called for each request, before it is answered. */
  onRequest: () => {},
  taken: [] as Taken[],
  requests: [] as { path: string; key: string | null; status: number | null }[],
  nowMs: () => Date.now(),
});

type Account = {
  readonly state: ReturnType<typeof createState>;
  readonly keep: Kept;
  readonly keys: Map<string, Remembered>;
  isOverLimit(): boolean;
};

/** One request for `/emails` or `/emails/batch`. */
type Request = {
  readonly path: string;
  readonly body: string;
  readonly permissive: boolean;
  readonly key: string | null;
};

function answer(account: Account, body: string, response: ServerResponse, request: IncomingMessage): void {
  const { state } = account;
  const { headers, socket, url: path = "" } = request;
  const key = (headers["idempotency-key"] as string | undefined) ?? null;
  const note = { path, key, status: null as number | null };
  state.requests.push(note);
  state.onRequest();
  const fault = state.misbehave.shift();
  const respond = (outcome: Answer, extra: Record<string, string> = {}) => {
    note.status = outcome.status;
    send(response, outcome, { "ratelimit-limit": String(state.perSecond || 100_000), ...extra });
  };
  if (fault === "hang") return;
  if (fault === "drop") return void socket.destroy();
  if (fault === "429" || (fault !== "500" && account.isOverLimit()))
    return void respond(problem(429, "rate_limit_exceeded"), { "retry-after": "1" });
  const refusal = refusalOf(state, fault, body, headers.authorization);
  if (refusal) return void respond(refusal);
  const permissive = headers["x-batch-validation"] === "permissive";
  const outcome = acceptOnce(account, { path, body, permissive, key });
  if (fault === "accept-then-drop") return void socket.destroy();
  if (fault !== "accept-then-hang") respond(outcome);
}

function send(response: ServerResponse, { status, body }: Answer, headers: Record<string, string>): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Why a request is rejected as a whole, before its e-mails are looked at. */
function refusalOf(
  { oversized, apiKey }: Account["state"],
  fault: Misbehaviour | undefined,
  body: string,
  authorization: string | undefined,
): Answer | null {
  if (fault === "500") return problem(500, "application_error");
  if (typeof fault === "object") return problem(fault.status, fault.name, fault.message);
  if (oversized.some((to) => body.includes(`"${to}"`))) return problem(413, "validation_error", "Too large.");
  return authorization === `Bearer ${apiKey}` ? null : problem(401, "invalid_api_key");
}

/** A request with a key that was accepted before gets the same answer, if its body is the same. */
function acceptOnce(account: Account, request: Request): Answer {
  const { path, body, key } = request;
  const { keys, state } = account;
  if (key === null) return accept(account, request);
  const hash = createHash("sha256").update(`${path} ${body}`).digest("hex");
  const known = keys.get(key);
  if (known && state.nowMs() - known.atMs < KEY_LIFE_MS) {
    if (known.hash !== hash) return problem(409, "invalid_idempotent_request");
    return known.answer;
  }
  const accepted = accept(account, request);
  // A rejected request may be repeated under its key.
  if (accepted.status === 200) keys.set(key, { hash, atMs: state.nowMs(), answer: accepted });
  return accepted;
}

function accept(account: Account, { path, body, permissive, key }: Request): Answer {
  const { refused } = account.state;
  const sent = JSON.parse(body) as Email | Email[];
  if (path === "/emails") {
    const fault = faultOf(sent as Email, refused);
    return fault ?? { status: 200, body: { id: take(account, sent as Email, key) } };
  }
  const emails = sent as Email[];
  if (emails.length > BATCH_MAX) return problem(422, "validation_error");
  const faults = emails.flatMap((email, index) =>
    faultOf(email, refused) ? [{ index, message: INVALID_TO }] : [],
  );
  if (faults.length > 0 && !permissive) return problem(422, "validation_error");
  const left = new Set(faults.map(({ index }) => index));
  const data = emails
    .filter((_, index) => !left.has(index))
    .map((email) => ({ id: take(account, email, key) }));
  return { status: 200, body: permissive ? { data, errors: faults } : { data } };
}

function take({ state, keep }: Account, email: Email, idempotencyKey: string | null): string {
  const id = randomUUID();
  state.taken.push({
    id,
    idempotencyKey,
    contentKey: email.headers?.["X-Entity-Ref-ID"] ?? null,
    to: String(email.to),
    subject: email.subject ?? "",
    headers: keep === "everything" ? (email.headers ?? {}) : {},
    html: keep === "everything" ? (email.html ?? "") : "",
    text: keep === "keys" ? "" : (email.text ?? ""),
  });
  return id;
}

/** Counts the requests of each second. 0 per second: no limit. */
function requestLimit(perSecond: () => number): () => boolean {
  let startMs = 0;
  let used = 0;
  return () => {
    if (perSecond() === 0) return false;
    const now = Date.now();
    if (now - startMs >= 1_000) {
      startMs = now;
      used = 0;
    }
    used += 1;
    return used > perSecond();
  };
}

/** The numbers of accepted e-mails and of distinct contents. They differ if a content was sent twice. */
const countsOf = (taken: readonly Taken[]) => ({
  taken: taken.length,
  contents: new Set(taken.map(({ contentKey }) => contentKey)).size,
});

const problem = (
  statusCode: number,
  name: string,
  message = "Like those of Resend, this message contains the address.",
): Answer => ({ status: statusCode, body: { statusCode, name, message } });

const INVALID_TO = "Invalid `to` field. The address must follow the format `email@example.com`.";

function faultOf(email: Email, refused: readonly string[]): Answer | null {
  const complete = email.from && email.subject && (email.html || email.text);
  if (!complete) return problem(422, "missing_required_field");
  return ADDRESS.test(String(email.to)) && !refused.includes(String(email.to))
    ? null
    : problem(422, "validation_error", INVALID_TO);
}

/** The headers of a webhook call of Resend, signed as in Standard Webhooks. */
export function signedByResend(
  body: string,
  options: { secret: string; id?: string; at?: Date },
): Record<string, string> {
  const { secret, id = `msg_${randomUUID()}`, at = new Date() } = options;
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "content-type": "application/json",
    "svix-id": id,
    "svix-timestamp": timestamp,
    "svix-signature": `v1,${signature}`,
  };
}
