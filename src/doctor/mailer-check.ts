import { type SignInFault, signInToResend, signInToSmtp } from "../ports/mailers/sign-in.ts";
import { mailboxIn } from "../scoring/notifications/mailbox.ts";
import { type Check, type Finding, ok, problem } from "./finding.ts";
import type { SetUp } from "./set-up.ts";

/** Signs in to the mail provider, without sending anything. */
export const mailerCheck = ({ email }: SetUp, limitMs: number): Check => ({
  name: "E-mail",
  look: async () =>
    email === null ? ok("not looked at: see Configuration") : await lookAtMailer(email, limitMs),
});

async function lookAtMailer(
  { transport, from }: NonNullable<SetUp["email"]>,
  limitMs: number,
): Promise<Finding> {
  if (transport.kind === "file") return ok("written to files: no provider is set");
  if (transport.kind === "smtp") {
    const fault = await signInToSmtp(transport.server, limitMs);
    return fault === null ? ok(`signed in to ${transport.server.host}`) : faultOf(fault, "SMTP_URL");
  }
  const domain = (mailboxIn(from)?.address ?? from).split("@").at(-1)?.toLowerCase() ?? "";
  const fault = await signInToResend({ ...transport, domain });
  return fault === null ? ok("Resend accepts the key") : faultOf(fault, "RESEND_API_KEY");
}

function faultOf({ reason, about }: SignInFault, variable: string): Finding {
  if (about === "connection")
    return problem(
      `The mail provider does not answer (${reason}).`,
      `Check the address in ${variable}, and that this machine may connect to it. E-mails wait until then.`,
    );
  if (about === "sender")
    return problem(
      "The domain of EMAIL_FROM is not verified at the mail provider.",
      "Verify it there, or send from another domain.",
    );
  return problem(
    `The mail provider rejects the login (${reason}).`,
    `Check ${variable}. E-mails wait until then.`,
  );
}
