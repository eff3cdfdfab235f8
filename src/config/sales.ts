import { defineArea } from "./area.ts";
import { optional, url, whole } from "./fields.ts";
import { webhookSecrets } from "./secret-fields.ts";

export const sales = defineArea({
  title: "Token sales",
  variables: {
    SCICENT_WEBHOOK_SECRET: webhookSecrets.describe(
      "Shared secret of the sale webhook, at least 24 bytes. Several, separated by commas, are all accepted. Without one the webhook answers 503.",
    ),
    SCICENT_API_URL: url("http", "https").describe(
      "The seller's API, asked once a day for sales whose webhook call never arrived. Without it that job is skipped.",
    ),
    SCICENT_API_KEY: optional.describe("Bearer token for that API."),
    WEBHOOK_ADDRESS_PER_SECOND: whole(100, 1, 1_000_000).describe(
      "Sustained rate of signed webhook calls from one address; above it the answer is 429.",
    ),
    WEBHOOK_ADDRESS_BURST: whole(1_000, 1, 10_000_000).describe(
      "Burst of signed webhook calls from one address.",
    ),
    WEBHOOK_SOURCE_PER_SECOND: whole(2_000, 1, 1_000_000).describe(
      "Sustained rate of signed calls per source; the burst is twice as high.",
    ),
  },
  read: (v) => ({
    saleWebhook: { secrets: v.SCICENT_WEBHOOK_SECRET },
    webhookLimits: {
      addressPerSecond: v.WEBHOOK_ADDRESS_PER_SECOND,
      addressBurst: v.WEBHOOK_ADDRESS_BURST,
      sourcePerSecond: v.WEBHOOK_SOURCE_PER_SECOND,
    },
    tokenSales: v.SCICENT_API_URL ? { url: v.SCICENT_API_URL, apiKey: v.SCICENT_API_KEY ?? null } : null,
  }),
});
