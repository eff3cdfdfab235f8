import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For users with the frequency `daily`. */
export const emailDaily = digestJob(
  "email-daily",
  "daily",
  "Creates the daily digests of users for whom it is 8:00 or later.",
  sendEmails,
);
