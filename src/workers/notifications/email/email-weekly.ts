import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For whoever chose it, and for what is told weekly. */
export const emailWeekly = digestJob(
  "email-weekly",
  "weekly",
  "Collects what waits for the weekly digest of users for whom it is Monday 8:00 or later.",
  sendEmails,
);
