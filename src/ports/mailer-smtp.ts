import { PassThrough } from "node:stream";
import { createTransport } from "nodemailer";
import { type Letter, type LetterFate, type Mailer, MailerSilent } from "./mailer.ts";

export type SmtpOptions = { readonly url: string; readonly timeoutMs?: number };

const TIMEOUT_MS = 20_000;

/** What nodemailer's errors carry beside their message, which holds addresses. */
type SmtpFault = { readonly code?: string; readonly responseCode?: number };

/**
 * Any SMTP server. SMTP knows no keys: a letter whose connection broke while it was being handed over may or may not have been
 * taken, so it is `unclear` and not sent again. Its Message-ID is always the same.
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
  // nodemailer says of every lost connection that it was lost while connecting. The letter is read once the server has let us in.
  const begun = new Set<string>();
  transport.use("stream", (mail, done) => {
    const { messageId } = mail.data;
    mail.message.transform(() => {
      begun.add(String(messageId));
      return new PassThrough();
    });
    done();
  });
  const sendOne = async (letter: Letter, first: boolean): Promise<LetterFate> => {
    const mail = mailOf(letter);
    begun.delete(mail.messageId);
    try {
      const sent = await transport.sendMail(mail);
      return { kind: "accepted", providerId: sent.messageId };
    } catch (error) {
      const fate = fateOf(error as SmtpFault, begun.has(mail.messageId));
      if (fate !== null) return fate;
      // Letters before this one have gone out: they must not go again with it.
      if (!first) return { kind: "unclear", reason: "not tried: the server went away" };
      throw new MailerSilent(`not taken: ${(error as SmtpFault).code ?? "unknown"}`);
    } finally {
      begun.delete(mail.messageId);
    }
  };
  return {
    name: "smtp",
    async send({ letters }, signal) {
      const fates: LetterFate[] = [];
      for (const letter of letters) {
        signal.throwIfAborted();
        fates.push(await sendOne(letter, fates.length === 0));
      }
      return fates;
    },
  };
}

/** Null: it was certainly not taken, and may be sent again. */
function fateOf({ code, responseCode }: SmtpFault, begun: boolean): LetterFate | null {
  if (code === "EAUTH") return null;
  if (responseCode !== undefined)
    return responseCode >= 500 ? { kind: "refused", reason: `SMTP ${responseCode}` } : null;
  return begun ? { kind: "unclear", reason: `SMTP ${code ?? "lost"}` } : null;
}

/** A letter as nodemailer takes it. Prepared headers are not folded: a folded List-Unsubscribe breaks signatures. */
export function mailOf({ key, from, to, subject, html, text, headers }: Letter) {
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
