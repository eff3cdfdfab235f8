/** How e-mail leaves the house. */
export type EmailConfig = {
  /** The sender of every e-mail, `Name <address>`. */
  readonly from: string;
  /** Gets everything instead of those it is meant for. */
  readonly testRecipient: string | null;
  readonly transport:
    | { readonly kind: "resend"; readonly apiKey: string; readonly url: string }
    | { readonly kind: "smtp"; readonly url: string }
    | { readonly kind: "file"; readonly folder: string };
  readonly webhookSecrets: readonly string[];
};

type EmailVariables = {
  readonly EMAIL_FROM?: string | undefined;
  readonly EMAIL_TEST_RECIPIENT?: string | undefined;
  readonly RESEND_API_KEY?: string | undefined;
  readonly RESEND_BASE_URL?: string | undefined;
  readonly RESEND_WEBHOOK_SECRET: readonly string[];
  readonly SMTP_URL?: string | undefined;
  readonly EMAIL_FOLDER: string;
};

/** At most this many e-mails are handed to the mailer in one request. SMTP has no idempotency keys, so each e-mail is sent alone. */
export const BATCH_SIZE = { resend: 100, smtp: 1, file: 100 } as const;

const RESEND_URL = "https://api.resend.com";
/** Letters that become files come from nobody in particular. */
const NOBODY = "Commonwork <commonwork@localhost>";

/** With several ways out the first one counts: Resend, SMTP, files. */
export function emailFrom(v: EmailVariables): EmailConfig {
  return {
    from: v.EMAIL_FROM ?? NOBODY,
    testRecipient: v.EMAIL_TEST_RECIPIENT ?? null,
    transport: transportFrom(v),
    webhookSecrets: v.RESEND_WEBHOOK_SECRET,
  };
}

function transportFrom(v: EmailVariables): EmailConfig["transport"] {
  if (v.RESEND_API_KEY) {
    return {
      kind: "resend",
      apiKey: v.RESEND_API_KEY,
      url: (v.RESEND_BASE_URL ?? RESEND_URL).replace(/\/+$/, ""),
    };
  }
  return v.SMTP_URL ? { kind: "smtp", url: v.SMTP_URL } : { kind: "file", folder: v.EMAIL_FOLDER };
}

/** Whoever sends to people says who they are. */
export function missingSender(environment: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const sends = isSet("RESEND_API_KEY") || isSet("SMTP_URL");
  return sends && !isSet("EMAIL_FROM")
    ? ["EMAIL_FROM is not set (Name <address>), though e-mail can be sent"]
    : [];
}
