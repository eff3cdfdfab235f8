import type { Database } from "../db/client.ts";
import type { Holder } from "./call-lease.ts";
import type { Carrier } from "./carriers.ts";
import type { Circuits } from "./circuits.ts";
import type { Coalescer } from "./coalesce-carriers.ts";
import type { Execution, Work } from "./execution.ts";
import type { Disposition } from "./failure.ts";
import type { JobPauses } from "./job-pauses.ts";
import type { Tally } from "./tally.ts";

export type RunCarrierDeps = Execution & {
  readonly db: Database;
  readonly circuits: Circuits;
  readonly pauses: JobPauses;
  /** Settles small carriers of one job together; without it each is settled alone. */
  readonly coalescer?: Coalescer;
  /**
   * Called before a job that follows the mirrors (`afterMirrors`).
   * @returns 0, or in how many milliseconds to try again.
   */
  catchUp(signal: AbortSignal): Promise<number>;
  /** Receives the result of the carrier, for its metrics and its log line. */
  report(report: CarrierReport): void;
};

export type CarrierReport = {
  readonly carrier: Carrier;
  readonly work: Work;
  readonly tally: Tally;
  readonly failures: readonly FailedEntry[];
  readonly tookMs: number;
};

/** An entry that used an attempt. */
export type FailedEntry = {
  readonly entry: string;
  readonly outcome: "retry" | "dead" | "duplicate" | "interrupted";
  readonly reason: string;
  readonly error: unknown;
};

/** The state of one carrier while it runs. */
export type Attempt = {
  readonly deps: RunCarrierDeps;
  readonly carrier: Carrier;
  readonly holder: Holder;
  readonly work: Work;
  readonly stop: AbortSignal;
  readonly tally: Tally;
  /** Entries that were not settled, and why. */
  readonly unsettled: Unsettled[];
  /** How many times in a row the connection to Postgres was lost. */
  losses: number;
};

export type Unsettled = {
  readonly ids: readonly string[];
  readonly disposition: Disposition;
  readonly error?: unknown;
};
