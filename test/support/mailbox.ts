import type { Email, Mailer } from "../../src/ports/mailers/mailer.ts";

/** Accepts every mailing and keeps its e-mails in `mailbox`, once per idempotency key. */
export function recordingMailer(mailbox: Email[]): Mailer {
  const accepted = new Set<string>();
  return {
    name: "resend",
    admit: async () => undefined,
    close: async () => undefined,
    async send({ key, emails }) {
      if (!accepted.has(key)) mailbox.push(...emails);
      accepted.add(key);
      return emails.map((email) => ({ kind: "accepted", providerId: `mailbox-${email.key}` }));
    },
  };
}
