import { RedisConnection } from "bullmq";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { codeOf, NOT_PRIMARY } from "./redis-errors.ts";

/** One server, the primary that sentinels name, or a Redis Cluster. All offer the same commands. */
export type RedisClient = Redis | Cluster;

type HostPort = { readonly host: string; readonly port: number };

/** Where Redis is. All of it is part of the configuration. */
export type RedisAddress = {
  /** With its user, password, database and TLS, which also apply to the servers found by the others. */
  readonly redisUrl: string;
  /** The host of the URL is then the name of the primary. */
  readonly redisSentinels: readonly HostPort[];
  readonly redisSentinelUsername: string | undefined;
  readonly redisSentinelPassword: string | undefined;
  /** The host of the URL is then one more node. */
  readonly redisClusterNodes: readonly HostPort[];
};

/** The oldest version that is supported, as major and minor. */
export const OLDEST_REDIS = [6, 2] as const;

// What BullMQ assumes about a server whose version it does not ask for.
RedisConnection.minimumVersion = `${OLDEST_REDIS.join(".")}.0`;

/**
 * BullMQ would ask each connection for the version once, and reject all later commands over it if Redis did
 * not answer just then. We ask at each connection (redis-faults.ts).
 */
export const VERSION_UNASKED = { skipVersionCheck: true } as const;

const RECONNECT_PAUSE_MS = 2_000;
const JITTER = 0.25;

/** The longest pause between two attempts to connect. */
export const LONGEST_RECONNECT_PAUSE_MS = RECONNECT_PAUSE_MS * (1 + JITTER);

/** Reconnects forever, every two seconds at the latest, with jitter. */
const retryStrategy = (times: number): number =>
  Math.round(
    Math.min(100 * 2 ** Math.min(times, 10), RECONNECT_PAUSE_MS) * (1 + JITTER * (2 * Math.random() - 1)),
  );

/** When each connection last reconnected, by its options: ioredis calls the function as their method. */
const reconnectedMs = new WeakMap<object, number>();

/**
 * Reconnects when the server was demoted: the address may lead to the new primary by now. Every two
 * seconds at most for each connection. The connections that BullMQ duplicates share this function, and each
 * has options of its own.
 */
function reconnectWhenDemoted(this: object, error: Error): boolean {
  const last = reconnectedMs.get(this) ?? Number.NEGATIVE_INFINITY;
  if (!NOT_PRIMARY.has(codeOf(error)) || performance.now() - last < RECONNECT_PAUSE_MS) return false;
  reconnectedMs.set(this, performance.now());
  return true;
}

/** What distinguishes the connections of workers from those of producers. */
type Purpose = {
  readonly name: string;
  readonly offlineQueue: boolean;
  readonly maxRetriesPerRequest: number | null;
  /** A connection is closed when nothing arrives over it for this long while a command waits. */
  readonly socketTimeoutMs: number;
  readonly commandTimeoutMs: number | null;
  /** How often a command is sent to a Redis Cluster, every 100 ms while one of its nodes is away. */
  readonly maxRedirections: number;
};

/**
 * Commands of workers wait for Redis without limit. BullMQ blocks for 10 s at most. The connection is made at
 * once and not lazily: BullMQ copies the options for its blocking connections, and gives up a lazy one
 * whose first attempt fails.
 */
export const workerConnection = (address: RedisAddress, name: string): RedisClient =>
  connect(address, {
    name: `${name}-worker`,
    offlineQueue: true,
    maxRetriesPerRequest: null,
    socketTimeoutMs: 12_000,
    commandTimeoutMs: null,
    maxRedirections: 150,
  });

/** Commands of producers fail at once without Redis: the entries wait in Postgres instead. */
export const producerConnection = (address: RedisAddress, name: string): RedisClient =>
  connect(address, {
    name: `${name}-producer`,
    offlineQueue: false,
    maxRetriesPerRequest: 1,
    socketTimeoutMs: 6_000,
    commandTimeoutMs: 5_000,
    maxRedirections: 16,
  });

/** How often a connection checks whether Redis has loaded its data; the default is up to 10 s. */
const LOADING_PAUSE_MS = 1_000;

/** Connections to sentinels and nodes whose host is gone without a reset are given up after this time. */
export const CONNECT_LIMIT_MS = 3_000;

function connect(address: RedisAddress, purpose: Purpose): RedisClient {
  const server = serverIn(address.redisUrl);
  const node = {
    ...server.login,
    maxRetriesPerRequest: purpose.maxRetriesPerRequest,
    socketTimeout: purpose.socketTimeoutMs,
    ...(purpose.commandTimeoutMs === null ? {} : { commandTimeout: purpose.commandTimeoutMs }),
    connectTimeout: CONNECT_LIMIT_MS,
    keepAlive: 10_000,
    maxLoadingRetryTime: LOADING_PAUSE_MS,
    reconnectOnError: reconnectWhenDemoted,
    connectionName: purpose.name,
  } satisfies RedisOptions;
  if (address.redisClusterNodes.length > 0) {
    return new Cluster([{ host: server.host, port: server.port }, ...address.redisClusterNodes], {
      redisOptions: node,
      enableOfflineQueue: purpose.offlineQueue,
      maxRedirections: purpose.maxRedirections,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshTimeout: CONNECT_LIMIT_MS,
      // Host names are not resolved here: certificates are issued for names.
      dnsLookup: (name, done) => done(null, name),
    });
  }
  const single = { ...node, enableOfflineQueue: purpose.offlineQueue, retryStrategy, db: server.database };
  return address.redisSentinels.length > 0
    ? new Redis({ ...single, ...sentinelOptions(address, server) })
    : new Redis({ ...single, host: server.host, port: server.port });
}

function sentinelOptions(
  { redisSentinels, redisSentinelUsername, redisSentinelPassword }: RedisAddress,
  { host, login }: Server,
): Omit<RedisOptions, "replyMapping"> {
  return {
    name: host,
    sentinels: [...redisSentinels],
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: CONNECT_LIMIT_MS,
    ...(redisSentinelUsername === undefined ? {} : { sentinelUsername: redisSentinelUsername }),
    ...(redisSentinelPassword === undefined ? {} : { sentinelPassword: redisSentinelPassword }),
    ...(login.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

type Server = {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly login: Pick<RedisOptions, "username" | "password" | "tls" | "family">;
};

function serverIn(redisUrl: string): Server {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(redisUrl);
  const family = searchParams.get("family");
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || "6379"),
    database: Number(pathname.slice(1) || "0"),
    login: {
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
      ...(protocol === "rediss:" ? { tls: {} } : {}),
      ...(family === null ? {} : { family: Number(family) }),
    },
  };
}
