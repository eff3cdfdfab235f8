import { createHmac } from "node:crypto";
import { type HttpOptions, startHttp } from "../../src/http/server.ts";
import { createRelay } from "../../src/queues/relay.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import type { World } from "../support/world.ts";

export const SALE_PATH = "/volunteer_scheduler/webhooks/scicent_sale";

/** The secret of a world (test/support/world.ts). */
const SECRET = "test-secret";

/** Serves the world over HTTP until its test ends. `instead` replaces parts of it. @returns the address. */
export async function serve(
  world: World,
  instead: Partial<Runtime> = {},
  options: HttpOptions = {},
): Promise<string> {
  const replaced = { ...world, ...instead };
  const runtime = instead.db ? { ...replaced, relay: createRelay(replaced) } : replaced;
  const server = await startHttp(runtime, options);
  world.closing(() => server.stop());
  return `http://127.0.0.1:${server.port}`;
}

export const sign = (body: string | Buffer, secret = SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

export type Answer = {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { error?: ErrorBody };
};
type ErrorBody = { code: string; message: string; faults?: { field: string; fault: string }[] };

export type Sending = {
  readonly method?: string;
  readonly path?: string;
  /** Beside the signature and the content type; null leaves one of those out. */
  readonly headers?: Record<string, string | null>;
};

/** Sends a delivery, signed and declared as JSON unless told otherwise. */
export async function deliver(
  address: string,
  body: string | Buffer,
  sending: Sending = {},
): Promise<Answer> {
  const headers = {
    "X-Scicent-Signature": sign(body),
    "Content-Type": "application/json",
    ...sending.headers,
  };
  const response = await fetch(`${address}${sending.path ?? SALE_PATH}`, {
    method: sending.method ?? "POST",
    headers: Object.entries(headers).filter((header): header is [string, string] => header[1] !== null),
    ...(["GET", "HEAD"].includes(sending.method ?? "POST") ? {} : { body: Buffer.from(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

/** The body of a sale; a field is written as JSON text, and left out when it is null. */
export function saleBody(fields: Record<string, string | null> = {}): string {
  const all = { user_id: "1", amount: "100.50", transaction_id: '"t_1"', ...fields };
  const written = Object.entries(all).filter(([, value]) => value !== null);
  return `{${written.map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
}
