import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Runtime } from "../roles/runtime.ts";
import { type AppOptions, createApp } from "./app.ts";

export type HttpServer = {
  readonly port: number;
  /** Takes no new connection, lets requests end, and resolves when all have, or when they were given up. */
  stop(): Promise<void>;
};

export type HttpOptions = AppOptions & {
  /** How long requests under way may take after `stop`. */
  readonly stopWithinMs?: number;
};

/** Longer than the idle time of common load balancers, so that it is they who close. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_LIMIT_MS = 10_000;
const REQUEST_LIMIT_MS = 30_000;
const BACKLOG = 1_024;

/** Listens on the configured address. @throws the error of listening, such as EADDRINUSE. */
export async function startHttp(runtime: Runtime, options: HttpOptions = {}): Promise<HttpServer> {
  const closing = new AbortController();
  const app = createApp(runtime, { ...options, closing: closing.signal });
  let stopping = false;
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_LIMIT_MS, requestTimeout: REQUEST_LIMIT_MS },
    (req, res) => {
      // A connection that is used until the end would keep the server open: its next answer is its last.
      if (stopping) res.shouldKeepAlive = false;
      app(req, res);
    },
  );
  const { host, port } = runtime.config;
  server.listen({ host, port, backlog: BACKLOG });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      stopping = true;
      const closed = once(server, "close");
      server.close();
      closing.abort();
      // What was busy when closing began becomes idle later, and idle connections are what a server waits for.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const giveUp = setTimeout(() => server.closeAllConnections(), options.stopWithinMs ?? 5_000);
      await closed;
      clearInterval(sweep);
      clearTimeout(giveUp);
    },
  };
}
