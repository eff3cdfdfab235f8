type Fields = Readonly<Record<string, unknown>>;

const REDACTED = "[redacted]";

/** A response of Bull Board, without anything that could be personal text. */
export function redactBody<B>(route: string, body: B): B | Fields | readonly unknown[] {
  if (!isFields(body)) return body;
  if (route.endsWith("/logs")) return listOf(body).map(() => REDACTED);
  // Flows are not used.
  if (route.endsWith("/flow"))
    return { nodeId: onlyPlain(body["nodeId"]), flowRoot: null, isFlowNode: false };
  if (route.endsWith("/:jobId")) return { ...body, job: redactJob(body["job"]) };
  if (route === "/api/job-schedulers")
    return { ...body, schedulers: listOf(body["schedulers"]).map(redactScheduler) };
  if (route === "/api/queues")
    return {
      ...body,
      queues: listOf(body["queues"]).map((queue) =>
        isFields(queue) ? { ...queue, jobs: listOf(queue["jobs"]).map(redactJob) } : queue,
      ),
    };
  return body;
}

/**
 * Redacts every field of a job: a list of those that hold text would miss fields that a later version adds.
 */
function redactJob(job: unknown): unknown {
  if (!isFields(job)) return null;
  return Object.fromEntries(
    Object.entries(job).map(([name, value]) => {
      if (name === "data") return [name, onlyIds(value)];
      if (name === "failedReason" || name === "deferredFailure") return [name, onlyReason(value)];
      return [name, name === "stacktrace" ? listOf(value).map(onlyFrames) : onlyPlain(value)];
    }),
  );
}

const redactScheduler = (scheduler: unknown): unknown =>
  isFields(scheduler) && isFields(scheduler["template"])
    ? { ...scheduler, template: { data: onlyIds(scheduler["template"]["data"]) } }
    : scheduler;

/** Reasons of BullMQ, and errors as a code and a constraint. */
const KNOWN_REASON = /^(job (stalled|started) more than allowable limit|[0-9A-Z]{5}( \w{1,63})?)$/;

const onlyReason = (reason: unknown): unknown =>
  typeof reason === "string" && KNOWN_REASON.test(reason) ? reason : onlyPlain(reason);

const FRAME = /^ *at [\w.<>[\] ]{0,120} ?\(?(file:\/\/|node:|\/)[\w./@+-]{1,300}:\d{1,7}:\d{1,7}\)?$/;

/** The places of a stack trace, without the message of the error. */
const onlyFrames = (stack: unknown): string =>
  typeof stack === "string"
    ? [REDACTED, ...stack.split("\n").filter((line) => FRAME.test(line))].join("\n")
    : REDACTED;

/** Shows only what is known to be harmless: the ids in a carrier and the name of a schedule. */
export function onlyIds(data: unknown): Record<string, unknown> {
  const { entries, schedule } = isFields(data) ? data : {};
  return {
    ...(Array.isArray(entries) ? { entries: entries.map((entry) => onlyPlain(entry)) } : {}),
    ...(schedule === undefined ? {} : { schedule: onlyPlain(schedule) }),
  };
}

/** Passes numbers, names and instants; redacts anything that could be personal text. */
export function onlyPlain(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value === "string") return value === "" || /^[\w:./+-]{1,80}$/.test(value) ? value : REDACTED;
  if (typeof value !== "object" || depth > 3) return REDACTED;
  if (Array.isArray(value)) return value.slice(0, 500).map((item) => onlyPlain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onlyPlain(item, depth + 1)]));
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
