import type { z } from "zod";
import { type ReferencedTable, resolveOrKeep } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { isStorable } from "../../../foreign-text.ts";
import type { Job } from "../../../queues/job.ts";
import { PayloadRejected } from "../../../queues/outcome.ts";
import { unknownFields } from "../../../queues/stored-values.ts";
import { calculateMatches } from "../../matching/calculate-matches.ts";
import { placeVolunteer } from "../../matching/place-volunteer.ts";
import { generateRecommendations } from "../../recommendations/generate-recommendations.ts";

/** The jobs that a host may request. The function `host_jobs` in drizzle/ has the same names. */
export const HOST_JOBS = {
  "calculate-matches": calculateMatches,
  "generate-recommendations": generateRecommendations,
  "place-volunteer": placeVolunteer,
} as const;

type PayloadOf<J> = J extends { readonly payload: z.ZodType<infer P> } ? P : never;

/** The payloads of the jobs that a host may request, by the name of the job. */
export type HostJobPayloads = { readonly [N in keyof typeof HOST_JOBS]: PayloadOf<(typeof HOST_JOBS)[N]> };

/** Finds a job that a host may request. */
export const hostJobOf = (name: string): Job | undefined =>
  (Object.values(HOST_JOBS) as unknown as readonly Job[]).find((job) => job.name === name);

type Fields = Readonly<Record<string, unknown>>;

/** How often a request or an event is tried that refers to a row which is not there: about a minute. */
const TRIES = 7;

/** A request or an event refers to rows that are not there. They may follow. */
class UnknownRows extends Error {
  override readonly name = "UnknownRows";
}

/**
 * The error for references to unknown rows: at first it means retry, later the entry is dead.
 *
 * @param fields where the references are.
 */
export function unknownRows(fields: readonly string[], attempt: number): Error {
  const text = `refers to unknown rows (${[...new Set(fields)].join(", ")})`;
  return attempt < TRIES ? new UnknownRows(text) : new PayloadRejected(text);
}

/** The payloads of requests for one job, with our ids in place of the host's, and the fields left unknown. */
export async function resolvePayloads(
  on: Queryable,
  { fromHost = {} }: Pick<Job, "fromHost">,
  payloads: readonly Fields[],
): Promise<{ readonly resolved: readonly Fields[]; readonly unknown: readonly string[] }> {
  let resolved = payloads;
  const unknown: string[] = [];
  for (const [field, table] of Object.entries(fromHost)) {
    const idOf = await resolveField(on, table, resolved, field);
    resolved = resolved.map((payload) => {
      const reference = referenceIn(payload, field);
      if (reference === null) return payload;
      const id = idOf.get(reference);
      if (id === undefined) unknown.push(field);
      return { ...payload, [field]: id };
    });
  }
  return { resolved, unknown };
}

async function resolveField(
  on: Queryable,
  table: ReferencedTable,
  payloads: readonly Fields[],
  field: string,
): Promise<ReadonlyMap<string, string>> {
  const references = payloads.flatMap((payload) => referenceIn(payload, field) ?? []);
  return resolveOrKeep(on, table, [...new Set(references)]);
}

/** The reference in a field; null if there is none, or something that the schema of the job rejects. */
function referenceIn(payload: Fields, field: string): string | null {
  const value = payload[field];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && isStorable(value) ? value : null;
}

/**
 * Parses the payload of a request.
 *
 * @throws PayloadRejected with the fields at fault.
 */
export function parseRequest(job: Job, payload: unknown): unknown {
  const parsed = job.payload.safeParse(payload);
  const faults = parsed.success
    ? unknownFields(payload, parsed.data).map((field) => `${field}: unknown field`)
    : parsed.error.issues.map(({ path, code }) => `${path.join(".") || "payload"}: ${code}`);
  if (faults.length > 0)
    throw new PayloadRejected(`the payload does not match the schema of ${job.name} (${faults.join("; ")})`);
  return parsed.data;
}
