import type { Decided } from "../../../db/audit.ts";
import type { Tx } from "../../../db/transaction.ts";
import type { Catalogue } from "../../../queues/catalogue.ts";
import { discardDeadLetters, retryDeadLetters } from "../../../queues/dead-letters.ts";
import type { WorkState } from "../../../queues/entries.ts";
import { discardWaiting, postponeUntil, runEntriesNow } from "../../../queues/entry-actions.ts";

/** What an operator may do with entries, and in which states. */
export const ACTIONS = {
  retry: { label: "Retry", states: ["dead"] },
  "run-now": { label: "Run now", states: ["later"] },
  postpone: { label: "Postpone", states: ["due", "later"] },
  discard: { label: "Discard", states: ["dead", "due", "later"] },
} as const satisfies Record<string, { readonly label: string; readonly states: readonly WorkState[] }>;

export type Action = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

export const isAction = (name: unknown): name is Action =>
  typeof name === "string" && Object.hasOwn(ACTIONS, name);

export const mayBe = (action: Action, state: WorkState): boolean =>
  (ACTIONS[action].states as readonly WorkState[]).includes(state);

export const POSTPONE_SECONDS: Readonly<Record<string, number>> = {
  "15 minutes": 900,
  "1 hour": 3_600,
  "6 hours": 21_600,
  "1 day": 86_400,
};

export type Deed = {
  readonly action: Action;
  readonly ids: readonly string[];
  readonly decided: Decided;
  /** For `postpone`. */
  readonly seconds: number;
};

/** The result, as parameters of the page that is shown next. */
export type Done = {
  readonly counts: Readonly<Record<string, number>>;
  /** The audit log entry of a retry, through which its outcome is found. */
  readonly auditId?: string | null;
};

/** Acts on entries; those whose state does not allow it any more are left alone. */
export async function actOn(
  tx: Tx,
  catalogue: Catalogue,
  { action, ids, decided, seconds }: Deed,
): Promise<Done> {
  const dead = { ...decided, reason: decided.reason ?? "" };
  switch (action) {
    case "retry": {
      const { retried, superseded, auditId } = await retryDeadLetters(
        tx,
        { ids },
        { ...dead, catalogue, limit: ids.length },
      );
      return { counts: { retried, ...(superseded > 0 ? { superseded } : {}) }, auditId };
    }
    case "run-now":
      return { counts: { due: await runEntriesNow(tx, ids, decided) } };
    case "postpone":
      return { counts: { postponed: await postponeUntil(tx, ids, seconds, decided) } };
    case "discard": {
      const buried = await discardDeadLetters(tx, { ids }, { ...dead, limit: ids.length });
      const waiting = await discardWaiting(tx, ids, decided, catalogue);
      return { counts: { discarded: buried + waiting } };
    }
  }
}

export const RESULTS: Readonly<Record<string, string>> = {
  retried: "Entries retried",
  superseded: "Entries of runs that a newer run has replaced, not retried",
  due: "Entries made due",
  postponed: "Entries postponed",
  discarded: "Entries discarded",
};
