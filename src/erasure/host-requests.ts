import { type SQL, sql } from "drizzle-orm";
import { PAYLOAD_FIELDS } from "./events.ts";
import type { ErasedUser } from "./rule.ts";

/** The jobs whose payloads have ids of the host, as requested in its own transactions. */
const JOBS = sql`('record-host-event', 'accept-host-request')`;

/** The fields of their payloads, at any depth, that name a user. */
const FIELDS = ["actor", "userId", "volunteerId", ...PAYLOAD_FIELDS];

const PATH = `$.** ? (${FIELDS.map((field) => `@.${field} == $ids[*]`).join(" || ")})`;

/** Entries that name the user by an id of the host. Most are settled within seconds; dead ones stay. */
export function requestsAbout({ references }: ErasedUser): SQL {
  // Hosts write ids as texts or as numbers, which may be longer than those of JavaScript.
  const numbers = references.filter((reference) => /^[1-9]\d{0,17}$/.test(reference));
  const ids = `{"ids": [${[...references.map((one) => JSON.stringify(one)), ...numbers].join(", ")}]}`;
  return sql`r.job in ${JOBS} and jsonb_path_exists(r.payload, ${PATH}::jsonpath, ${ids}::jsonb)`;
}
