import type { MailLimiter } from "./mail-limiter.ts";
import { ChannelFault, type Email, EmailDeferred, type Mailer, type SendResult } from "./mailer.ts";
import { composeMessage } from "./message.ts";
import { createSmtpPool, type SmtpError, type SmtpPoolOptions, type SmtpSession } from "./smtp-pool.ts";
import { codesOf, type SmtpPhase, verdictOn } from "./smtp-replies.ts";

export type SmtpOptions = Omit<SmtpPoolOptions, "timeoutMs"> & {
  readonly limiter: MailLimiter;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 20_000;
/** A server that cannot be used is tried again once a minute. */
const CHANNEL_RETRY_MS = 60_000;

/**
 * Sends through any SMTP server. SMTP has no idempotency keys: an e-mail whose connection broke after its
 * content was partly sent may or may not have been accepted, so its result is `unclear` and it is not sent
 * again. Its Message-ID is always the same.
 */
export function smtpMailer({ limiter, timeoutMs = TIMEOUT_MS, ...options }: SmtpOptions): Mailer {
  const pool = createSmtpPool({ ...options, timeoutMs });

  const sendOne = async (email: Email, begin: () => Promise<void>): Promise<SendResult> => {
    const message = await composeMessage(email);
    let progress: Progress = "connect";
    const overSession = async (session: SmtpSession): Promise<SendResult | "closed"> => {
      progress = "envelope";
      try {
        await session.send(message, async () => {
          await begin();
          progress = "handed-over";
        });
      } catch (error) {
        const { response, code } = error as SmtpError;
        const isStale = session.isUsed && progress === "envelope" && (!response || /^421/.test(response));
        if (isStale && code !== "ESTREAM") return "closed";
        throw error;
      }
      return { kind: "accepted", providerId: message.id };
    };
    try {
      const result = await pool.use(overSession);
      if (result !== "closed") return result;
      // The server had closed the idle connection. This cannot happen with a new one.
      progress = "connect";
      return (await pool.use(overSession, { fresh: true })) as SendResult;
    } catch (error) {
      return await resultOf(error as SmtpError, progress, limiter);
    }
  };

  return {
    name: "smtp",
    admit: (key, signal) => limiter.admit(key, signal),
    async send({ emails }, { signal, begin }) {
      const [email] = emails;
      if (email === undefined || emails.length > 1)
        throw new Error(`SMTP sends one e-mail at a time, not ${emails.length}`);
      signal.throwIfAborted();
      return [await sendOne(email, begin)];
    },
    close: async () => pool.close(),
  };
}

/** The phase that an attempt reached. */
type Progress = "connect" | "envelope" | "handed-over";

/**
 * The result of a failed attempt.
 * @throws ChannelFault, EmailDeferred if it was certainly not accepted and may be sent later.
 */
async function resultOf(error: SmtpError, progress: Progress, limiter: MailLimiter): Promise<SendResult> {
  // An error that `begin` threw: nothing was sent.
  if (error.code === "ESTREAM" || error.code === undefined) throw error;
  const reply = { phase: phaseOf(error, progress), text: error.response ?? "" };
  if (error.responseCode !== undefined) {
    const reason = `SMTP ${codesOf(reply)}`;
    const verdict = verdictOn(reply);
    if (verdict === "channel") return holdAll(reason, limiter);
    if (verdict === "deferred") throw new EmailDeferred(reason);
    const bounce = { "hard-bounce": "hard", "soft-bounce": "soft", refused: null } as const;
    return { kind: "refused", reason, bounce: bounce[verdict] };
  }
  const reason = `SMTP ${error.originalCode ?? error.code}`;
  if (progress === "handed-over") return { kind: "unclear", reason };
  // Checked before sending: the message is larger than the server announced to accept.
  if (error.code === "EMESSAGE") return { kind: "refused", reason: "SMTP too large", bounce: null };
  if (progress === "connect") return holdAll(reason, limiter);
  throw new EmailDeferred(reason);
}

async function holdAll(reason: string, limiter: MailLimiter): Promise<never> {
  await limiter.pause(CHANNEL_RETRY_MS);
  throw new ChannelFault(reason, CHANNEL_RETRY_MS);
}

function phaseOf({ command }: SmtpError, progress: Progress): SmtpPhase {
  if (progress === "connect") return "session";
  if (command === "RCPT TO") return "recipient";
  return command === "DATA" ? "content" : "session";
}
