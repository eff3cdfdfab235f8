import { createTransport } from "nodemailer";
import { mailboxIn } from "../../scoring/notifications/mailbox.ts";
import type { Email } from "./mailer.ts";

const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });

/** An e-mail as bytes, with the addresses of its envelope. */
export type MailMessage = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
};

/**
 * Composes an e-mail for SMTP. Its Message-ID is always the same. Prepared headers are not folded: a folded
 * List-Unsubscribe breaks DKIM signatures.
 */
export async function composeMessage(email: Email): Promise<MailMessage> {
  const { key, from, to, replyTo, subject, html, text, headers } = email;
  const sender = mailboxIn(from)?.address ?? from;
  const id = `<${key.replace(/[^\w.-]/g, ".")}@${/@([\w.-]+)$/.exec(sender)?.[1] ?? "localhost"}>`;
  const { message } = await composer.sendMail({
    from,
    // As an object, so that it is never parsed as a list of addresses.
    to: { name: "", address: to },
    ...(replyTo === null ? {} : { replyTo }),
    subject,
    html,
    text,
    messageId: id,
    headers: Object.entries(headers).map(([name, value]) => ({
      key: name,
      value: { prepared: true, value },
    })),
  });
  return { id, from: sender, to, bytes: message as Buffer };
}
