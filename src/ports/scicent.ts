import { readItems } from "../foreign-json.ts";
import type { SalesPage, TokenSalesPort } from "./token-sales.ts";

/** The seller did not answer in time, or answered without a list of sales. The job is retried. */
export class TokenSalesUnavailable extends Error {
  override readonly name = "TokenSalesUnavailable";
}

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const SALES_PER_REQUEST = 1_000;

/**
 * The seller's API: `GET {url}/sales?since=<ISO 8601>` answers `{ "sales": [ ... ] }`, each like the body of
 * a webhook call, and read as such: a sale that cannot be read does not keep the others from being taken.
 * `limit` is a hint: the seller may list more or fewer, oldest first.
 */
export function scicentPort(options: {
  readonly url: string;
  readonly apiKey: string | null;
}): TokenSalesPort {
  return {
    async listSales(since: Date, signal: AbortSignal): Promise<SalesPage> {
      const target = new URL(`${options.url.replace(/\/$/, "")}/sales`);
      target.searchParams.set("since", since.toISOString());
      target.searchParams.set("limit", String(SALES_PER_REQUEST));
      const response = await fetch(target, {
        headers: {
          accept: "application/json",
          ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        redirect: "error",
      });
      if (!response.ok) throw new TokenSalesUnavailable(`the seller answered ${response.status}`);
      const read = readItems(await bodyOf(response), "sales");
      if ("fault" in read) throw new TokenSalesUnavailable(`the seller's answer ${read.fault}`);
      return { sales: read.items };
    },
  };
}

/** Reads a body, and rejects one that is larger than needed. */
async function bodyOf({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new TokenSalesUnavailable("the seller's answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
