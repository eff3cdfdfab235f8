import { PassThrough } from "node:stream";
import { createTransport } from "nodemailer";
import { type Email, type Mailer, MailerUnavailable, type SendResult } from "./mailer.ts";

export type SmtpOptions = { readonly url: string; readonly timeoutMs?: number };

const TIMEOUT_MS = 20_000;

/** The fields of nodemailer's errors that are safe to log. Their messages contain addresses. */
type SmtpError = { readonly code?: string; readonly responseCode?: number };

/**
 * Sends through any SMTP server. SMTP has no idempotency keys: an e-mail whose connection broke during the
 * transfer may or may not have been accepted, so its result is `unclear` and it is not sent again. Its
 * Message-ID is always the same.
 */
export function smtpMailer({ url, timeoutMs = TIMEOUT_MS }: SmtpOptions): Mailer {
  const server = new URL(url);
  const transport = createTransport({
    host: server.hostname,
    port: Number(server.port) || (server.protocol === "smtps:" ? 465 : 587),
    secure: server.protocol === "smtps:",
    ...(server.username
      ? { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }
      : {}),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  // nodemailer reports every lost connection as lost while connecting. The body is read only once the
  // transfer starts, which tells the two cases apart.
  const transferring = new Set<string>();
  transport.use("stream", (mail, done) => {
    const { messageId } = mail.data;
    mail.message.transform(() => {
      transferring.add(String(messageId));
      return new PassThrough();
    });
    done();
  });
  const sendOne = async (email: Email, isFirst: boolean): Promise<SendResult> => {
    const message = messageOf(email);
    transferring.delete(message.messageId);
    try {
      const sent = await transport.sendMail(message);
      return { kind: "accepted", providerId: sent.messageId };
    } catch (error) {
      const result = resultOf(error as SmtpError, transferring.has(message.messageId));
      if (result !== null) return result;
      // The e-mails before this one were sent, and a retry of the mailing would send them again.
      if (!isFirst) return { kind: "unclear", reason: "not tried: the server went away" };
      throw new MailerUnavailable(`not accepted: ${(error as SmtpError).code ?? "unknown"}`);
    } finally {
      transferring.delete(message.messageId);
    }
  };
  return {
    name: "smtp",
    async send({ emails }, signal) {
      const results: SendResult[] = [];
      for (const email of emails) {
        signal.throwIfAborted();
        results.push(await sendOne(email, results.length === 0));
      }
      return results;
    },
  };
}

/** Null: it was certainly not accepted, and may be sent again. */
function resultOf({ code, responseCode }: SmtpError, wasTransferring: boolean): SendResult | null {
  if (code === "EAUTH") return null;
  if (responseCode !== undefined)
    return responseCode >= 500 ? { kind: "refused", reason: `SMTP ${responseCode}` } : null;
  return wasTransferring ? { kind: "unclear", reason: `SMTP ${code ?? "lost"}` } : null;
}

/**
 * An e-mail in nodemailer's form. Prepared headers are not folded: a folded List-Unsubscribe breaks DKIM
 * signatures.
 */
export function messageOf({ key, from, to, subject, html, text, headers }: Email) {
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? "localhost";
  return {
    from,
    to,
    subject,
    html,
    text,
    messageId: `<${key.replace(/[^\w.-]/g, ".")}@${domain}>`,
    headers: Object.entries(headers).map(([name, value]) => ({
      key: name,
      value: { prepared: true, value },
    })),
  };
}
