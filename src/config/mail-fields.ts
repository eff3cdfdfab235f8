import { mailboxIn } from "../scoring/notifications/mailbox.ts";
import { withoutDefault } from "./fields.ts";
import { parseSmtpUrl } from "./smtp-url.ts";

/** `address`, `Name <address>` or `"Name" <address>`, on one line: it becomes a header. */
export const mailbox = withoutDefault({
  rule: "one address, or Name <address>; a name with , ; : or @ in quotes",
  parse: (written) => (mailboxIn(written) === null ? undefined : written),
});

/** The one address of a mailbox, which may be written with a name. */
export const address = withoutDefault({
  rule: "one address",
  parse: (written) => mailboxIn(written)?.address,
});

const smtpFault = (written: string): string => {
  const parsed = parseSmtpUrl(written);
  return "fault" in parsed ? parsed.fault : "";
};

/** The URL of an SMTP server with its options. */
export const smtpServer = withoutDefault({
  rule: smtpFault,
  parse: (written) => {
    const parsed = parseSmtpUrl(written);
    return "fault" in parsed ? undefined : parsed;
  },
});
