import type { EventType } from "../events/event.ts";
import type * as host from "../events/host.ts";
import type { Queryable } from "./queryable.ts";
import {
  argument,
  functionIn,
  type HostId,
  inTrace,
  json,
  type SchemaOption,
  type TraceOption,
  type WithHostIds,
} from "./statement.ts";

type Declared = (typeof host)[keyof typeof host];
type PayloadOf<E> = E extends EventType<infer P, string> ? P : never;

/** The payloads of the events that Commonwork knows, by type. */
type HostEventPayloads = { readonly [E in Declared as E["type"]]: PayloadOf<E> };

type Known = keyof HostEventPayloads;

/** The payload of an event that Commonwork knows, or of one of the host's own. */
type PayloadField<T extends string> = T extends Known
  ? Record<string, never> extends HostEventPayloads[T]
    ? { readonly payload?: WithHostIds<HostEventPayloads[T]> }
    : { readonly payload: WithHostIds<HostEventPayloads[T]> }
  : { readonly payload?: Readonly<Record<string, unknown>> };

type Subjects = {
  /** The user who did it. */
  readonly actor?: HostId;
  readonly project?: HostId;
  /** A document. */
  readonly resource?: HostId;
  readonly thread?: HostId;
  readonly meeting?: HostId;
  /** Default: the start of the transaction. */
  readonly occurredAt?: Date;
  /** An id of the host: an event that is emitted again with the same one is recorded once. */
  readonly id?: string;
};

/** An event, with ids of the host. */
export type Emitted<T extends string = string> = { readonly type: T } & PayloadField<T> & Subjects;

export type EmitOptions = SchemaOption & TraceOption;

/**
 * Emits an event in the host's transaction: it is recorded if the transaction commits. The rows that it
 * refers to may be written by the same transaction.
 */
export async function emit<const T extends string>(
  tx: Queryable,
  event: Emitted<T>,
  options: EmitOptions = {},
): Promise<void> {
  const { type, payload = {}, occurredAt, id, ...subjects } = event as unknown as Emitted;
  const named: Record<string, string | undefined> = {
    actor: textOf(subjects.actor),
    project: textOf(subjects.project),
    resource: textOf(subjects.resource),
    thread: textOf(subjects.thread),
    meeting: textOf(subjects.meeting),
    occurred_at: occurredAt?.toISOString(),
    id,
  };
  const given = Object.entries(named).filter((each): each is [string, string] => each[1] !== undefined);
  const args = [argument(1), argument(2, "jsonb")];
  for (const [index, [name]] of given.entries())
    args.push(`${name} => ${argument(index + 3, name === "occurred_at" ? "timestamptz" : "text")}`);
  const trace = inTrace(options, args.length + 1);
  await tx.query(`select ${functionIn(options, "emit")}(${args.join(", ")}) as id${trace.text}`, [
    type,
    json(payload),
    ...given.map(([, value]) => value),
    ...trace.values,
  ]);
}

const textOf = (id: HostId | undefined): string | undefined => (id === undefined ? undefined : String(id));
