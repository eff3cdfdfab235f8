import { createHash } from "node:crypto";
import pg from "pg";
import { KEYS_PER_NOTE } from "./installed.ts";
import type { MirrorPlan } from "./plan.ts";

// The triggers on the host's tables. Nothing that the host changes may fail its statements: only keys are
// read, and an error while reading them is recorded as "any row may have changed".

type Source = MirrorPlan["sources"][number];

/** Where the triggers of a mirror on one source are, and the function they call. */
export type TriggerTarget = { readonly schema: string; readonly mirror: string; readonly source: Source };

const quote = pg.escapeIdentifier;

export const sourceName = ({ schema, table }: Pick<Source, "schema" | "table">): string =>
  `${schema}.${table}`;

const tableOf = ({ source }: TriggerTarget): string => `${quote(source.schema)}.${quote(source.table)}`;

/** The function that the triggers call. The hash keeps the names of long tables short, and apart. */
export function functionOf({ schema, mirror, source }: TriggerTarget): string {
  const hash = createHash("sha256").update(sourceName(source)).digest("hex").slice(0, 8);
  return `${quote(schema)}.${quote(`note_${mirror}_${hash}`)}`;
}

const EVENTS = {
  insert: { suffix: "ins", transition: "new table as written" },
  update: { suffix: "upd", transition: "old table as gone new table as written" },
  delete: { suffix: "del", transition: "old table as gone" },
  truncate: { suffix: "trunc", transition: null },
} as const;

type Event = keyof typeof EVENTS;
const EVENT_NAMES = Object.keys(EVENTS) as Event[];

/** How many of the 63 bytes of a name the schema may take. */
const MAX_SCHEMA = 28;

const triggerOf = ({ schema, mirror }: TriggerTarget, event: Event): string =>
  `${schema.slice(0, MAX_SCHEMA)}_${mirror}_${EVENTS[event].suffix}`;

/** The triggers that a source must have. All fire in every session, replicas included. */
export const triggerNames = (target: TriggerTarget): string[] =>
  EVENT_NAMES.map((event) => triggerOf(target, event));

/** The text of a key, as `keyText` makes it. */
const keyOf = ({ by }: Source, row: string): string => {
  const parts = by.map((name) => `${row}.${quote(name)}`);
  return parts.length === 1 ? `${parts[0]}::text` : `jsonb_build_array(${parts.join(", ")})::text`;
};

/** The keys of rows that differ in a column that is not ignored. Rows may have no key of their own. */
function changedKeys(source: Source): string {
  const ignored = `array[${source.ignored.map(pg.escapeLiteral).join(", ")}]`;
  const rowsOf = (table: string) =>
    `select ${keyOf(source, "r")} as k, to_jsonb(r) - ${ignored} as v from ${table} r`;
  return `(select k from (${rowsOf("written")} except all ${rowsOf("gone")}) d
        union select k from (${rowsOf("gone")} except all ${rowsOf("written")}) d)`;
}

function noteFunction(target: TriggerTarget): string {
  const { schema, mirror, source } = target;
  const [old, written] = [
    `select ${keyOf(source, "o")} as k from gone o`,
    `select ${keyOf(source, "n")} as k from written n`,
  ];
  const chunks = (keys: string) =>
    `select array_agg(c) into chunks from (select jsonb_agg(k) as c from (
        select k, (row_number() over () - 1) / ${KEYS_PER_NOTE} as g from (${keys}) u where k is not null) s group by g) t;`;
  const name = source.through === null ? "null" : pg.escapeLiteral(sourceName(source));
  // Joining the transition tables would be planned once, for the first small statement of a session.
  return `create or replace function ${functionOf(target)}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $note$
declare
  chunks jsonb[];
begin
  begin
    if tg_op = 'INSERT' then
      ${chunks(written)}
    elsif tg_op = 'UPDATE' then
      ${chunks(source.ignored.length === 0 ? `${written} union ${old}` : changedKeys(source))}
    elsif tg_op = 'DELETE' then
      ${chunks(old)}
    else
      chunks := array[null::jsonb];
    end if;
  exception when others then
    chunks := array[null::jsonb];
  end;
  insert into ${quote(schema)}.dirty (mirror, source, keys) select ${pg.escapeLiteral(mirror)}, ${name}, c from unnest(chunks) as c;
  return null;
end $note$`;
}

function createTrigger(target: TriggerTarget, event: Event): string[] {
  const { transition } = EVENTS[event];
  const name = quote(triggerOf(target, event));
  return [
    `drop trigger if exists ${name} on ${tableOf(target)}`,
    `create trigger ${name} after ${event} on ${tableOf(target)}${transition === null ? "" : ` referencing ${transition}`} for each statement execute function ${functionOf(target)}()`,
    `alter table ${tableOf(target)} enable always trigger ${name}`,
  ];
}

/**
 * The function writes with the rights of its owner. That is the owner of our tables, not the role that
 * installs it, which may be a superuser, or lose its rights later, and the writes of the host would fail.
 */
const ownFunction = (target: TriggerTarget): string =>
  `do $own$
begin
  execute format('alter function ${functionOf(target).replaceAll("'", "''")}() owner to %I',
    (select pg_get_userbyid(relowner) from pg_class where oid = ${pg.escapeLiteral(`${quote(target.schema)}.dirty`)}::regclass));
exception when insufficient_privilege then null;
end $own$`;

/** The statements that make a source record its changes. They can be run again. */
export const installStatements = (target: TriggerTarget): string[] => [
  noteFunction(target),
  ownFunction(target),
  `revoke all on function ${functionOf(target)}() from public`,
  ...EVENT_NAMES.flatMap((event) => createTrigger(target, event)),
];

/** The statement that removes a trigger. */
export const dropTrigger = ({ table, name }: { readonly table: string; readonly name: string }): string =>
  `drop trigger if exists ${name} on ${table}`;

/** The statement that removes the function, after its triggers. */
export const dropFunction = (target: TriggerTarget): string =>
  `drop function if exists ${functionOf(target)}()`;
