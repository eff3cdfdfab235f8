import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP proxy on loopback in front of a server, which fails on request. */
export type TcpProxy = {
  readonly port: number;
  /** The address of the server with that of the proxy in its place. */
  through(url: string): string;
  /**
   * Connections that exist now stay open, and nothing passes over them any more, as after a failover without
   * a reset. New ones work.
   */
  swallow(): void;
  /** Ends all connections with a reset. */
  reset(): void;
  /** Refuses new connections until `accept`, and resets those there are. */
  refuse(): void;
  accept(): void;
  /** Sends new connections to another port. */
  lead(port: number): void;
  /** How many connections have been accepted. */
  accepted(): number;
};

type Pair = { readonly client: Socket; readonly server: Socket };

/**
 * Opens a proxy to a port of this machine; it closes when the test ends. To be opened before what connects
 * through it.
 */
export async function tcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let port = target;
  let accepting = true;
  let accepted = 0;
  const proxy = createServer((client) => {
    if (!accepting) return void client.resetAndDestroy();
    accepted += 1;
    const server = connect(port, "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const own = (proxy.address() as AddressInfo).port;
  const reset = () => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  };
  onTestFinished(async () => {
    reset();
    proxy.close();
    await once(proxy, "close");
  });
  return {
    port: own,
    through(url) {
      const changed = new URL(url);
      changed.port = String(own);
      return changed.href;
    },
    swallow() {
      for (const { client, server } of pairs) {
        client.unpipe(server);
        server.unpipe(client);
        // What arrives is read and dropped.
        client.resume();
        server.resume();
      }
    },
    reset,
    refuse() {
      accepting = false;
      reset();
    },
    accept() {
      accepting = true;
    },
    lead(other) {
      port = other;
    },
    accepted: () => accepted,
  };
}
