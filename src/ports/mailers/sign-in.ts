import { Resend } from "resend";
import type { SmtpServer } from "../../config/smtp-url.ts";
import { createSmtpPool, type SmtpError } from "./smtp-pool.ts";

/** Why a mail provider cannot be used: a code, without its message, which may contain addresses. */
export type SignInFault = { readonly reason: string; readonly about: "connection" | "login" | "sender" };

/** Connects to an SMTP server and signs in, without sending anything. Null: it worked. */
export async function signInToSmtp(
  server: Omit<SmtpServer, "perSecond">,
  timeoutMs: number,
): Promise<SignInFault | null> {
  const pool = createSmtpPool({ server, timeoutMs });
  try {
    await pool.use(async () => undefined);
    return null;
  } catch (error) {
    const { responseCode, originalCode, code } = error as SmtpError;
    return responseCode === undefined
      ? { reason: originalCode ?? code ?? "no reason", about: "connection" }
      : { reason: String(responseCode), about: "login" };
  } finally {
    pool.close();
  }
}

export type ResendLogin = {
  readonly apiKey: string;
  readonly url: string;
  /** The domain of the sender. */
  readonly domain: string;
};

/**
 * Lists the domains of a Resend account. Null: the key works, and the domain of the sender is verified as far
 * as the key may see it.
 */
export async function signInToResend({ apiKey, url, domain }: ResendLogin): Promise<SignInFault | null> {
  const { data, error } = await new Resend(apiKey, { baseUrl: url }).domains.list();
  if (error !== null) {
    // A key that may only send is a valid one.
    if (error.name === "restricted_api_key") return null;
    const isAnswer = (error.statusCode ?? 0) >= 400 && (error.statusCode ?? 0) < 500;
    return { reason: String(error.statusCode ?? error.name), about: isAnswer ? "login" : "connection" };
  }
  const verified = data.data.some(
    ({ name, status }) => status === "verified" && (domain === name || domain.endsWith(`.${name}`)),
  );
  return verified ? null : { reason: "not verified", about: "sender" };
}
