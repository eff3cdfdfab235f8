import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** The default digest: 13 windows a day. */
export const emailDigest = digestJob(
  "email-digest",
  "hourly",
  "Creates the hourly digests of users whose window has opened: on the hour from 6:00 to 18:00 in their time zone.",
  sendEmails,
);
