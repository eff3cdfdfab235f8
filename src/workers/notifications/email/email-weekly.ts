import { digestJob } from "../../../email/digest-job.ts";
import { sendEmails } from "./send-emails.ts";

/** For users with the frequency `weekly`, and for types that are mailed weekly. */
export const emailWeekly = digestJob(
  "email-weekly",
  "weekly",
  "Creates the weekly digests of users whose day and hour have come in their time zone: Monday 8:00 unless they set others.",
  sendEmails,
);
