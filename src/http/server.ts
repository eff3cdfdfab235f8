import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config } from "../config/config.ts";
import type { Runtime } from "../roles/runtime.ts";
import { type AppOptions, createApp } from "./app.ts";

export type HttpServer = {
  readonly port: number;
  /** Closes the listener, waits for open requests, and resolves when they have ended or were aborted. */
  stop(): Promise<void>;
};

export type HttpOptions = AppOptions & {
  /** How long open requests may take after `stop`. */
  readonly stopWithinMs?: number;
  /** How long a request may take to arrive. */
  readonly requestLimitMs?: number;
  readonly maxConnections?: number;
};

/** Longer than the idle timeout of common load balancers, so that they close connections first. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_LIMIT_MS = 10_000;
/** A body that arrives more slowly is a mistake or an attack: none is larger than 512 KiB. */
const REQUEST_LIMIT_MS = 15_000;
/** How often connections are checked for these limits. */
const CHECK_MS = 2_000;
/** Beyond it connections are closed at once. Streams hold at most 2,000. */
const MAX_CONNECTIONS = 10_000;
const BACKLOG = 1_024;

/** A server that listens. It answers 503 until it is given an app. */
export type Listener = {
  readonly server: Server;
  readonly port: number;
  handle: RequestListener;
};

const starting: RequestListener = (_req, res) => {
  res.writeHead(503, { "Content-Type": "application/json", "Retry-After": "1", Connection: "close" });
  res.end(JSON.stringify({ error: { code: "starting", message: "The service is starting." } }));
};

/**
 * Listens on the configured address, so that a port in use is found before anything else is opened.
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function listen(
  { host, port }: Pick<Config, "host" | "port">,
  options: Pick<HttpOptions, "requestLimitMs" | "maxConnections"> = {},
): Promise<Listener> {
  const requestLimitMs = options.requestLimitMs ?? REQUEST_LIMIT_MS;
  const opened = { handle: starting };
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: Math.min(HEADERS_LIMIT_MS, requestLimitMs),
      requestTimeout: requestLimitMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, requestLimitMs),
    },
    (req, res) => opened.handle(req, res),
  );
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  server.listen({ host, port, backlog: BACKLOG });
  await once(server, "listening");
  return Object.assign(opened, { server, port: (server.address() as AddressInfo).port });
}

/** Closes a listener that was never given an app. */
export async function closeListener({ server }: Listener): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Serves the app on a listener. */
export function serveOn(listener: Listener, runtime: Runtime, options: HttpOptions = {}): HttpServer {
  const { server, port } = listener;
  const closing = new AbortController();
  const app = createApp(runtime, { ...options, closing: closing.signal });
  let stopping = false;
  listener.handle = (req, res) => {
    // A busy keep-alive connection would keep the server open: close it after its next response.
    if (stopping) res.shouldKeepAlive = false;
    app(req, res);
  };
  return {
    port,
    async stop() {
      stopping = true;
      const closed = once(server, "close");
      server.close();
      closing.abort();
      // Connections that were busy at first become idle later, and the server waits for idle ones too.
      const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
      const abort = setTimeout(() => server.closeAllConnections(), options.stopWithinMs ?? 5_000);
      await closed;
      clearInterval(closeIdle);
      clearTimeout(abort);
    },
  };
}

/** Starts the HTTP server on the configured address. @throws the error of `listen`, such as EADDRINUSE. */
export const startHttp = async (runtime: Runtime, options: HttpOptions = {}): Promise<HttpServer> =>
  serveOn(await listen(runtime.config, options), runtime, options);
