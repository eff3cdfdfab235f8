import type { Letter, Mailer } from "../../src/ports/mailer.ts";

/** Takes every letter, once a batch key, and keeps it in `mailbox`. */
export function recordingMailer(mailbox: Letter[]): Mailer {
  const taken = new Set<string>();
  return {
    name: "resend",
    async send({ key, letters }) {
      if (!taken.has(key)) mailbox.push(...letters);
      taken.add(key);
      return letters.map((letter) => ({ kind: "accepted", providerId: `mailbox-${letter.key}` }));
    },
  };
}
