import { defineArea, type Values } from "./area.ts";
import { baseUrl, mailbox, optional, textOr, url } from "./fields.ts";
import { standardWebhookSecrets } from "./secret-fields.ts";

/**
 * Maximum number of e-mails per request to the mailer. SMTP has no idempotency keys, so each e-mail is sent
 * alone.
 */
const BATCH_SIZE = { resend: 100, smtp: 1, file: 100 } as const;

const RESEND_URL = "https://api.resend.com";
/** Sender of e-mails that are only written to files. */
const FILE_SENDER = "Commonwork <commonwork@localhost>";

type Transport =
  | { readonly kind: "resend"; readonly apiKey: string; readonly url: string }
  | { readonly kind: "smtp"; readonly url: string }
  | { readonly kind: "file"; readonly folder: string };

const variables = {
  PUBLIC_URL: baseUrl("http://localhost:3000").describe(
    "Base URL of links in e-mails: the address of the platform, whose proxy must pass `/unsubscribe/` on to this service.",
  ),
  EMAIL_FROM: mailbox.describe("The sender, `Name <address>`. Required for Resend and SMTP."),
  EMAIL_TEST_RECIPIENT: mailbox.describe(
    "If set, every e-mail is sent to this address instead of its recipient.",
  ),
  RESEND_API_KEY: optional.describe("API key of Resend. If set, e-mail is sent through Resend."),
  RESEND_BASE_URL: url("http", "https").describe("Base URL of Resend's API, if it is not the public one."),
  RESEND_WEBHOOK_SECRET: standardWebhookSecrets.describe(
    "Secret of Resend's webhook, `whsec_...`. Several, separated by commas, are all accepted.",
  ),
  SMTP_URL: url("smtp", "smtps").describe(
    "SMTP server, used without a Resend key: `smtp://user:password@host:587`, or `smtps://`.",
  ),
  EMAIL_FOLDER: textOr("emails").describe(
    "Folder for e-mails as `.eml` files, used without Resend and SMTP.",
  ),
};

export const email = defineArea({
  title: "E-mail",
  variables,
  read: (v) => {
    const transport = transportFrom(v);
    return {
      publicUrl: v.PUBLIC_URL,
      email: {
        /** The sender of every e-mail, `Name <address>`. */
        from: v.EMAIL_FROM ?? FILE_SENDER,
        /** Receives every e-mail instead of its recipient. */
        testRecipient: v.EMAIL_TEST_RECIPIENT ?? null,
        /** Base URL of links. */
        publicUrl: v.PUBLIC_URL,
        /** Maximum number of e-mails per request to the mailer. */
        batchSize: BATCH_SIZE[transport.kind],
        transport,
        webhookSecrets: v.RESEND_WEBHOOK_SECRET,
      },
    };
  },
  faults: ({ EMAIL_FROM, RESEND_API_KEY, SMTP_URL }) =>
    (RESEND_API_KEY || SMTP_URL) && !EMAIL_FROM
      ? ["EMAIL_FROM is required with Resend or SMTP (Name <address>)"]
      : [],
});

/** If several transports are configured, the first of Resend, SMTP and files is used. */
function transportFrom(v: Values<typeof variables>): Transport {
  if (v.RESEND_API_KEY) {
    return {
      kind: "resend",
      apiKey: v.RESEND_API_KEY,
      url: (v.RESEND_BASE_URL ?? RESEND_URL).replace(/\/+$/, ""),
    };
  }
  return v.SMTP_URL ? { kind: "smtp", url: v.SMTP_URL } : { kind: "file", folder: v.EMAIL_FOLDER };
}
