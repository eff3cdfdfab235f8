/** Why a request to a foreign host failed. Stored and shown, so it holds no values of the host. */
export type FetchFault =
  | "protocol"
  | "credentials-in-url"
  | "long-url"
  | "private-address"
  | "unknown-host"
  | "connection"
  | "timeout"
  | "too-large"
  | "encoding"
  | "too-many-redirects"
  | "forbidden-by-robots-txt"
  | "robots-txt-unreachable"
  | "requests-per-day-used"
  | `status-${number}`;

/** A request to a foreign host failed. */
export class FetchFailed extends Error {
  override readonly name = "FetchFailed";
  readonly fault: FetchFault;
  /** The host asks not to be called before. */
  readonly retryAfterMs: number | null;
  constructor(fault: FetchFault, retryAfterMs: number | null = null) {
    super(fault);
    this.fault = fault;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether the same request may succeed a moment later. */
export const isTransient = ({ fault }: FetchFailed): boolean =>
  fault === "connection" ||
  fault === "timeout" ||
  fault === "unknown-host" ||
  /^status-(429|5..)$/.test(fault);
