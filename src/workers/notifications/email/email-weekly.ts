import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For users with the frequency `weekly`, and for types that are mailed weekly. */
export const emailWeekly = digestJob(
  "email-weekly",
  "weekly",
  "Creates the weekly digests of users for whom it is Monday 8:00 or later.",
  sendEmails,
);
