import { defineArea, type VariableValues } from "./area.ts";
import { baseUrl, optional, textOr, url } from "./fields.ts";
import { address, mailbox, smtpServer } from "./mail-fields.ts";
import { standardWebhookSecrets } from "./secret-fields.ts";
import type { SmtpServer } from "./smtp-url.ts";

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
  | { readonly kind: "smtp"; readonly server: SmtpServer }
  | { readonly kind: "file"; readonly folder: string };

const variables = {
  PUBLIC_URL: baseUrl("http://localhost:3000").describe(
    "Base URL of links in e-mails: the address of the platform, whose proxy must pass `/unsubscribe/` on to this service.",
  ),
  EMAIL_FROM: mailbox.describe(
    'The sender, `Name <address>` or `"Name, Inc." <address>`. Required for Resend and SMTP.',
  ),
  EMAIL_TEST_RECIPIENT: address.describe(
    "If set, every e-mail is sent to this address instead of its recipient, whose address is in the subject. Its unsubscribe links do nothing.",
  ),
  EMAIL_REPLY_TO: mailbox.describe(
    "Receives answers to e-mails, written like `EMAIL_FROM`. Default: the sender.",
  ),
  EMAIL_UNSUBSCRIBE_ADDRESS: address.describe(
    "Address offered for unsubscribing by e-mail, beside the link. Whatever reads it must `POST` to `/unsubscribe/` followed by the last word of the subject.",
  ),
  RESEND_API_KEY: optional.describe("API key of Resend. If set, e-mail is sent through Resend."),
  RESEND_BASE_URL: url("http", "https").describe("Base URL of Resend's API, if it is not the public one."),
  RESEND_WEBHOOK_SECRET: standardWebhookSecrets.describe(
    "Secret of Resend's webhook, `whsec_...`. Several, separated by commas, are all accepted.",
  ),
  SMTP_URL: smtpServer.describe(
    "SMTP server, used without a Resend key: `smtp://user:password@host:587`, or `smtps://`. Options: `?tls=required` (default with a password), `unverified`, `optional` or `off`; `&rate=20` e-mails per second.",
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
        replyTo: v.EMAIL_REPLY_TO ?? null,
        /** Takes unsubscriptions by e-mail. */
        unsubscribeAddress: v.EMAIL_UNSUBSCRIBE_ADDRESS ?? null,
        /** Base URL of links. */
        publicUrl: v.PUBLIC_URL,
        /** Maximum number of e-mails per request to the mailer. */
        batchSize: BATCH_SIZE[transport.kind],
        /** Which mailer sends. */
        mailer: transport.kind,
        transport,
        webhookSecrets: v.RESEND_WEBHOOK_SECRET,
      },
    };
  },
  faults: ({ EMAIL_FROM, RESEND_API_KEY, SMTP_URL, PUBLIC_URL }, { isProduction }) => {
    if (!RESEND_API_KEY && !SMTP_URL) return [];
    const isSecure = /^https:/.test(PUBLIC_URL ?? "");
    return [
      ...(EMAIL_FROM ? [] : ["EMAIL_FROM is required with Resend or SMTP (Name <address>)"]),
      ...(isSecure || !isProduction
        ? []
        : [
            "PUBLIC_URL must begin with https:// in production: e-mails link to it, and mail programs POST to it",
          ]),
    ];
  },
});

/** If several transports are configured, the first of Resend, SMTP and files is used. */
function transportFrom(v: VariableValues<typeof variables>): Transport {
  if (v.RESEND_API_KEY) {
    return {
      kind: "resend",
      apiKey: v.RESEND_API_KEY,
      url: (v.RESEND_BASE_URL ?? RESEND_URL).replace(/\/+$/, ""),
    };
  }
  return v.SMTP_URL ? { kind: "smtp", server: v.SMTP_URL } : { kind: "file", folder: v.EMAIL_FOLDER };
}
