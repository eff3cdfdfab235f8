import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For users with the frequency `daily`. */
export const emailDaily = digestJob(
  "email-daily",
  "daily",
  "Creates the daily digests of users whose hour has come in their time zone: 8:00 unless they set another.",
  sendEmails,
);
