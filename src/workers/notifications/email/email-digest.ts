import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For whoever has not chosen otherwise: 13 windows a day. */
export const emailDigest = digestJob(
  "email-digest",
  "hourly",
  "Collects what waits for the hourly digest of users whose window has opened: on the hour from 6:00 to 18:00 of their day.",
  sendEmails,
);
