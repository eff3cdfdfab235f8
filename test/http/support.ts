import { createHmac } from "node:crypto";
import { type HttpOptions, startHttp } from "../../src/http/server.ts";
import { createRelay } from "../../src/queues/relay.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { SALE_SECRET, type World } from "../support/world.ts";

export const SALE_PATH = "/volunteer_scheduler/webhooks/scicent_sale";

/** Serves the world over HTTP until the test ends. `overrides` replaces parts of it. @returns the address. */
export async function serve(
  world: World,
  overrides: Partial<Runtime> = {},
  options: HttpOptions = {},
): Promise<string> {
  const replaced = { ...world, ...overrides };
  const runtime = overrides.db ? { ...replaced, relay: createRelay(replaced) } : replaced;
  const server = await startHttp(runtime, options);
  world.closing(() => server.stop());
  return `http://127.0.0.1:${server.port}`;
}

export const sign = (body: string | Buffer, secret = SALE_SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

export type Reply = {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { error?: ErrorBody };
};
type ErrorBody = { code: string; message: string; faults?: { field: string; fault: string }[] };

export type CallOptions = {
  readonly method?: string;
  readonly path?: string;
  /** Added to the signature and the content type; null removes one of those. */
  readonly headers?: Record<string, string | null>;
};

/** Calls a webhook: signed, as JSON, unless the options say otherwise. */
export async function callWebhook(
  address: string,
  body: string | Buffer,
  options: CallOptions = {},
): Promise<Reply> {
  const headers = {
    "X-Scicent-Signature": sign(body),
    "Content-Type": "application/json",
    ...options.headers,
  };
  const response = await fetch(`${address}${options.path ?? SALE_PATH}`, {
    method: options.method ?? "POST",
    headers: Object.entries(headers).filter((header): header is [string, string] => header[1] !== null),
    ...(["GET", "HEAD"].includes(options.method ?? "POST") ? {} : { body: Buffer.from(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

/** The body of a sale. Fields are JSON text; null removes one. */
export function saleBody(fields: Record<string, string | null> = {}): string {
  const all = { user_id: "1", amount: "100.50", transaction_id: '"t_1"', ...fields };
  const written = Object.entries(all).filter(([, value]) => value !== null);
  return `{${written.map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
}
