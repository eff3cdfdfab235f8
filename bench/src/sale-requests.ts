import { createHmac } from "node:crypto";
import { postRequest } from "./load-client.ts";

/** The secret of the sale webhook in every benchmark. */
export const SECRET = "the secret of the benchmarks";

export const WEBHOOK = "/volunteer_scheduler/webhooks/scicent_sale";

/** Signed sale webhooks as bytes. Buyers are spread, so that none is held because of velocity. */
export function saleRequests(
  count: number,
  options: { firstBuyer: number; buyers: number; name: string; random: () => number },
): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const sale = {
      user_id: options.firstBuyer + (i % options.buyers),
      amount: Number((90 + options.random() * 100).toFixed(2)),
      transaction_id: `${options.name}-${i}`,
      currency: "SCICENT",
    };
    const body = Buffer.from(JSON.stringify(sale));
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    return postRequest(
      WEBHOOK,
      { "content-type": "application/json", "x-scicent-signature": `sha256=${signature}` },
      body,
    );
  });
}
