import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For whoever chose it. */
export const emailDaily = digestJob(
  "email-daily",
  "daily",
  "Collects what waits for the daily digest of users for whom it is 8:00 or later.",
  sendEmails,
);
