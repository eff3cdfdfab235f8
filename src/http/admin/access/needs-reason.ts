import type { QueueName } from "../../../config/queues.ts";
import { REFERENCE_FIELDS } from "../../../db/references.ts";
import type { Job } from "../../../queues/job.ts";
import { payloadFieldsOf } from "../../../queues/payload-fields.ts";

/** The queues whose jobs pay or send to people. */
const CONCERNS_PEOPLE: ReadonlySet<QueueName> = new Set([
  "commissions",
  "budgets",
  "multipliers",
  "notifications",
]);

/** Whether an operator must say why: the job is about money, or about a person. */
export const needsReason = (job: Pick<Job, "queue" | "payload">): boolean =>
  CONCERNS_PEOPLE.has(job.queue) ||
  payloadFieldsOf(job).fields.some(([name]) => REFERENCE_FIELDS[name] === "users" || name === "reason");
