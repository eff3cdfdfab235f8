import { z } from "zod";
import { QUEUE_NAMES } from "../../../config/queues.ts";
import { isStorable, UNSTORABLE } from "../../../foreign-text.ts";
import type { Catalogue } from "../../../queues/catalogue.ts";
import { ENTRY_STATES, type EntryFilter } from "../../../queues/entries.ts";
import { choiceOf, type FilterField, instantFilter, type PageQuery } from "../frame/filters.ts";

/** Entries that are older than this. */
const AGES: Readonly<Record<string, number>> = {
  "1 minute": 60,
  "15 minutes": 900,
  "1 hour": 3_600,
  "1 day": 86_400,
  "3 days": 259_200,
};

export const MAX_PAGE = 100;

const text = z.string().max(300, "must not be longer than 300 characters").refine(isStorable, UNSTORABLE);

/** The filters of the outbox, as parameters. */
export const workFilters = z
  .object({
    state: z.enum(ENTRY_STATES, "is not a state").optional(),
    job: text.optional(),
    queue: text.optional(),
    key: text.optional(),
    field: z
      .string()
      .regex(/^[a-zA-Z_]\w{0,60}$/, "must be the name of a field, such as saleId")
      .optional(),
    value: text.optional(),
    from: instantFilter,
    until: instantFilter,
    older: choiceOf(AGES, "is not an age that can be chosen").optional(),
    error: text.optional(),
    page: z.coerce.number("must be a number").int().min(1).max(MAX_PAGE).default(1),
  })
  .refine(({ field, value }) => (field === undefined) === (value === undefined), {
    path: ["value"],
    message: "A field of the payload needs its value, and a value its field.",
  });

export type WorkFilters = z.infer<typeof workFilters>;

/** What is searched for. */
export function searchOf(filters: WorkFilters, now: Date): EntryFilter {
  const { state, job, queue, key, field, value, from, until, older, error } = filters;
  const seconds = older === undefined ? undefined : AGES[older];
  return {
    state,
    job,
    queue,
    key,
    error,
    field: field === undefined || value === undefined ? undefined : { name: field, value },
    from,
    until,
    before: seconds === undefined ? undefined : new Date(now.getTime() - seconds * 1_000),
  };
}

const PARAMETERS = [
  "state",
  "job",
  "queue",
  "key",
  "field",
  "value",
  "from",
  "until",
  "older",
  "error",
] as const;

/** The filters as parameters, without the page. */
export const parametersOf = (filters: WorkFilters): PageQuery =>
  Object.fromEntries(
    PARAMETERS.map((name) => {
      const value = filters[name];
      return [name, value instanceof Date ? value.toISOString() : value];
    }),
  );

/** Whether any filter is set, so that nothing is done to the whole outbox by mistake. */
export const isFiltered = (filters: WorkFilters): boolean =>
  PARAMETERS.some((name) => name !== "state" && name !== "until" && filters[name] !== undefined);

export const workFields = ({ jobs }: Catalogue): FilterField[] => [
  { name: "state", label: "State", choices: ENTRY_STATES },
  { name: "job", label: "Job", choices: jobs.map(({ name }) => name).sort() },
  { name: "queue", label: "Queue", choices: QUEUE_NAMES },
  { name: "key", label: "Key" },
  { name: "field", label: "Field of the payload", placeholder: "saleId" },
  { name: "value", label: "Its value" },
  { name: "from", label: "Died or enqueued from", placeholder: "2026-03-08 02:00 UTC", isInstant: true },
  { name: "until", label: "Until", placeholder: "2026-03-08 04:00 UTC", isInstant: true },
  { name: "older", label: "Older than", choices: Object.keys(AGES) },
  { name: "error", label: "Error contains" },
];
