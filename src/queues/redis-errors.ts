/**
 * The first word of an error reply, which identifies the error, also when a Cluster client has wrapped it.
 */
export const codeOf = (error: unknown): string =>
  error instanceof Error ? (/(?:^|Last error: (?:\w+: )?)([A-Z]{3,})\b/.exec(error.message)?.[1] ?? "") : "";

/** Replies that say that the connection leads to a server that is not, or not yet, the primary. */
export const NOT_PRIMARY: ReadonlySet<string> = new Set(["READONLY", "LOADING", "MASTERDOWN"]);

/** Replies by which a Redis refuses to write, and what each means. */
export const WRITE_REFUSALS: Readonly<Record<string, string>> = {
  READONLY: "Redis is read-only: REDIS_URL leads to a replica (READONLY).",
  OOM: "Redis is full: raise maxmemory or free memory (OOM).",
  MISCONF: "Redis cannot save its data and refuses writes: check its disk (MISCONF).",
  LOADING: "Redis is loading its data (LOADING).",
  MASTERDOWN: "Redis has lost its primary (MASTERDOWN).",
  NOREPLICAS: "Redis has too few replicas to accept writes (NOREPLICAS).",
  NOPERM: "Redis refuses writes to this user: grant +@all on the keys of REDIS_PREFIX (NOPERM).",
  CLUSTERDOWN: "The Redis Cluster is down (CLUSTERDOWN).",
  MOVED: "REDIS_URL leads to a node of a Redis Cluster: set REDIS_CLUSTER_NODES (MOVED).",
};

/** Messages of ioredis and BullMQ when there is no connection, or no answer over it. */
const NO_CONNECTION =
  /Connection is closed|Command timed out|Socket timeout|isn't writeable|Cluster isn't ready|Too many Cluster redirections|startup nodes|slots cache|sentinels are unreachable|max retries per request|aborted due to connection close/i;

/** True when Redis answered that it does not accept writes. */
export const refusesWrites = (error: unknown): boolean => codeOf(error) in WRITE_REFUSALS;

/** True when a command failed because Redis could not be reached or does not accept writes. */
export const isRedisAbsent = (error: unknown): boolean =>
  refusesWrites(error) || (error instanceof Error && NO_CONNECTION.test(error.message));
