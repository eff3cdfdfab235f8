/**
 * The phase of the conversation in which a reply came: before the recipient was named, to the recipient, or
 * later.
 */
export type SmtpPhase = "session" | "recipient" | "content";

/** A negative reply of an SMTP server, such as `550 5.1.1 no such user`. */
export type SmtpReply = { readonly phase: SmtpPhase; readonly text: string };

/**
 * The meaning of a reply. `channel`: about the account, the sender or the server, so it is the same for all
 * e-mails. `deferred`: about this e-mail, but not for good, or not certainly its own fault. `refused`: this
 * e-mail is at fault. The bounces are faults of the address.
 */
export type SmtpVerdict = "channel" | "deferred" | "refused" | "hard-bounce" | "soft-bounce";

/** The codes of a reply: `550 5.1.1`, or `550`. Safe to store and to log. */
export function codesOf({ text }: SmtpReply): string {
  const { code, enhanced } = parse(text);
  return enhanced === null ? String(code) : `${code} ${enhanced}`;
}

/**
 * Classifies a negative reply by what is at fault.
 *
 * Enhanced codes (RFC 3463) decide where there is one, else the basic code. At the recipient, servers without
 * enhanced codes answer 550 to an unknown mailbox and to a forbidden relay alike, and only the text
 * distinguishes them: in doubt the address is not blamed, since one wrong verdict would be repeated for every
 * user.
 */
export function verdictOn(reply: SmtpReply): SmtpVerdict {
  const { code, enhanced } = parse(reply.text);
  if (SIGN_IN.has(code)) return "channel";
  if (code < 500) return reply.phase === "session" ? "channel" : "deferred";
  if (isTooLarge(code, enhanced, reply.phase)) return "refused";
  if (reply.phase === "session") return "channel";
  if (enhanced !== null && !enhanced.endsWith(".0.0")) return verdictOfEnhanced(enhanced.slice(2));
  if (reply.phase === "content" || !ABOUT_MAILBOX.has(code)) return "deferred";
  if (ABOUT_SENDER.test(reply.text)) return "deferred";
  return code === MAILBOX_FULL ? "soft-bounce" : "hard-bounce";
}

/** Sign-in is required, failed or too weak, at whatever command the server says so. */
const SIGN_IN = new Set([530, 534, 535, 538]);
const MAILBOX_FULL = 552;
/** No such mailbox, not local, mailbox full, name not allowed. */
const ABOUT_MAILBOX = new Set([550, 551, MAILBOX_FULL, 553]);
const ABOUT_SENDER =
  /relay|authenti|sign.?in|log.?in|spam|spf|dkim|dmarc|polic|block|black|reject.*(?:ip|host)|den(?:y|ied)|sender|account|quota|limit|rate|reputation|not allowed|prohibit/i;

/** A message is too large for the server or the mailbox. At the recipient, 552 alone is a full mailbox. */
const isTooLarge = (code: number, enhanced: string | null, phase: SmtpPhase): boolean =>
  enhanced === null ? code === 552 && phase !== "recipient" : TOO_LARGE.has(enhanced.slice(2));

const TOO_LARGE = new Set(["2.3", "3.4"]);

/** RFC 3463, subject and detail: 1 address, 2 mailbox, 3 to 5 system and route, 6 content, 7 policy. */
function verdictOfEnhanced(detail: string): SmtpVerdict {
  if (detail === "1.7" || detail === "1.8") return "deferred"; // the sender's address
  if (detail === "2.2") return "soft-bounce"; // mailbox full
  if (/^[12]\./.test(detail)) return "hard-bounce";
  return detail.startsWith("6.") ? "refused" : "deferred";
}

function parse(text: string): { readonly code: number; readonly enhanced: string | null } {
  const [, code = "", enhanced = null] = /^(\d{3})[ -]?(?:([245]\.\d{1,3}\.\d{1,3})\b)?/.exec(text) ?? [];
  return { code: Number(code), enhanced };
}
