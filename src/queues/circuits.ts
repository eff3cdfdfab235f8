import type { Log } from "../log.ts";

/**
 * One circuit for each kind of work (the name on its entries) in this process. While work fails for reasons
 * that are not about its entries, its circuit is open: entries are given back without using an attempt, and
 * after each pause one carrier tries.
 */
export type Circuits = {
  /** How long work must wait, in ms; 0 if it may start. After a pause only one carrier may. */
  waitMs(work: string): number;
  /** Closes the circuit, after entries were settled. */
  succeeded(work: string): void;
  /** Opens the circuit, or keeps it open for longer. @returns in how many ms the entries should be due. */
  open(work: string, fault: string): number;
  /**
   * Counts a deadlock or lock timeout.
   * @returns a short delay in ms, or null after several in a row, which are no coincidence.
   */
  contended(work: string): number | null;
  /**
   * Records an entry that ran out of time while it was alone in its transaction.
   * @returns true if other entries did too since the last success. The entries are then not at fault.
   */
  othersFailLike(work: string, entry: string): boolean;
};

export type CircuitChange = { readonly work: string; readonly fault: string; readonly open: boolean };

export type CircuitsDeps = {
  readonly log: Log;
  /** Called when a circuit is opened, kept open, or closed. */
  readonly onChange: (change: CircuitChange) => void;
  readonly nowMs?: () => number;
  readonly random?: () => number;
};

const FIRST_PAUSE_MS = 2_000;
/** Less than the 15 s within which work must resume after a server has recovered. */
export const LONGEST_PAUSE_MS = 10_000;
/** How long one carrier may try before the next one does. */
const TRIAL_MS = 10_000;
/** Spreads out entries that were given back. */
export const SPREAD_MS = 1_000;
const CONTENTIONS_IN_A_ROW = 5;
/** Enough entries to know whether another one failed too. */
const MAX_SUSPECTS = 2;
/** Entries that fail for longer than this without a success in between are considered the cause. */
const LONGEST_OUTAGE_MS = 6 * 3_600_000;

type Circuit = {
  openedAtMs: number | null;
  pausedUntilMs: number;
  /** Until then the carrier that was let through may still be running. */
  triedUntilMs: number;
  openings: number;
  contentions: number;
  fault: string;
  readonly suspects: Set<string>;
};

/** Creates the circuits of one process, all closed. */
export function createCircuits(deps: CircuitsDeps): Circuits {
  const { log, onChange, nowMs = () => performance.now(), random = Math.random } = deps;
  // Holds only work that has failed since its last success.
  const circuits = new Map<string, Circuit>();
  const circuitOf = (work: string): Circuit => {
    const known = circuits.get(work);
    if (known) return known;
    const created = {
      openedAtMs: null,
      pausedUntilMs: 0,
      triedUntilMs: 0,
      openings: 0,
      contentions: 0,
      fault: "",
      suspects: new Set<string>(),
    };
    circuits.set(work, created);
    return created;
  };
  return {
    waitMs(work) {
      const circuit = circuits.get(work);
      if (!circuit || circuit.openedAtMs === null) return 0;
      const now = nowMs();
      if (now < circuit.pausedUntilMs) return circuit.pausedUntilMs - now + random() * SPREAD_MS;
      if (now < circuit.triedUntilMs) return SPREAD_MS * (1 + random());
      circuit.triedUntilMs = now + TRIAL_MS;
      return 0;
    },
    succeeded(work) {
      const circuit = circuits.get(work);
      if (!circuit) return;
      circuits.delete(work);
      if (circuit.openedAtMs === null) return;
      const seconds = Math.round((nowMs() - circuit.openedAtMs) / 1_000);
      const { fault, openings } = circuit;
      log.info({ job: work, fault, openings, seconds }, "circuit closed: job resumed");
      onChange({ work, fault, open: false });
    },
    open(work, fault) {
      const circuit = circuitOf(work);
      const now = nowMs();
      circuit.openedAtMs ??= now;
      circuit.fault = fault;
      // Carriers that started before the pause and fail during it do not extend it.
      if (now >= circuit.pausedUntilMs) {
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** circuit.openings, LONGEST_PAUSE_MS);
        circuit.openings += 1;
        circuit.pausedUntilMs = now + pauseMs;
        circuit.triedUntilMs = 0;
        log.warn({ job: work, fault, openings: circuit.openings, pauseMs }, "circuit open: job paused");
        onChange({ work, fault, open: true });
      }
      return circuit.pausedUntilMs - now + random() * SPREAD_MS;
    },
    contended(work) {
      const circuit = circuitOf(work);
      circuit.contentions += 1;
      return circuit.contentions > CONTENTIONS_IN_A_ROW ? null : 50 + random() * 450;
    },
    othersFailLike(work, entry) {
      const circuit = circuitOf(work);
      const others = [...circuit.suspects].some((suspect) => suspect !== entry);
      if (circuit.suspects.size < MAX_SUSPECTS) circuit.suspects.add(entry);
      return others && (circuit.openedAtMs === null || nowMs() - circuit.openedAtMs < LONGEST_OUTAGE_MS);
    },
  };
}
