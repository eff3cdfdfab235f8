import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
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
  /**
   * Resets the client's side of all connections and leaves that of the server open, which notices nothing, as
   * when the client's host loses power. New ones work.
   * @returns a function that ends the server's side too: a database in use cannot be dropped after the test.
   */
  halfOpen(): () => void;
  /** Ends all connections with a reset. */
  reset(): void;
  /** Refuses new connections until `accept`, and resets those there are. */
  refuse(): void;
  accept(): void;
  /**
   * Accepts new connections, and leads them to the server only after `release`, as a server that is too busy
   * to answer.
   * @returns a promise that resolves once a connection is held.
   */
  hold(): Promise<void>;
  release(): void;
  /** Sends new connections to another port. */
  lead(port: number): void;
  /** New connections are as slow as this, in either direction. */
  slow(pace: Pace): void;
  /** How many connections have been accepted. */
  accepted(): number;
};

export type Pace = {
  /** How long each byte is under way. */
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
};

type Pair = { readonly client: Socket; readonly server: Socket };

/**
 * Opens a proxy to a port of this machine; it closes when the test ends. To be opened before what connects
 * through it.
 */
export async function tcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const orphans = new Set<Socket>();
  let port = target;
  let accepting = true;
  let accepted = 0;
  let pace: Pace | null = null;
  const held = new Set<Socket>();
  let onHeld: (() => void) | null = null;
  const proxy = createServer((client) => {
    if (!accepting) return void client.resetAndDestroy();
    accepted += 1;
    if (onHeld === null) return pass(client);
    held.add(client.on("error", () => undefined));
    onHeld();
  });
  const pass = (client: Socket) => {
    const server = connect(port, "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    if (pace === null) {
      client.pipe(server);
      server.pipe(client);
    } else {
      client.pipe(paced(pace)).pipe(server);
      server.pipe(paced(pace)).pipe(client);
    }
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => {
        if (!orphans.has(other)) other.destroy();
        pairs.delete(pair);
      });
    }
  };
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const own = (proxy.address() as AddressInfo).port;
  const reset = () => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  };
  const endOrphans = () => {
    for (const orphan of orphans) orphan.destroy();
  };
  onTestFinished(async () => {
    reset();
    endOrphans();
    for (const client of held) client.destroy();
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
        client.unpipe();
        server.unpipe();
        // What arrives is read and dropped.
        client.resume();
        server.resume();
      }
    },
    halfOpen() {
      for (const { client, server } of pairs) {
        orphans.add(server.on("close", () => orphans.delete(server)));
        client.unpipe();
        server.unpipe();
        server.resume();
        client.resetAndDestroy();
      }
      return endOrphans;
    },
    reset,
    refuse() {
      accepting = false;
      reset();
    },
    accept() {
      accepting = true;
    },
    hold: () =>
      new Promise((resolve) => {
        onHeld = resolve;
      }),
    release() {
      onHeld = null;
      for (const client of held) pass(client);
      held.clear();
    },
    lead(other) {
      port = other;
    },
    slow(other) {
      pace = other;
    },
    accepted: () => accepted,
  };
}

/** Passes bytes on later, or no faster than a rate. More are read once those before are sent. */
function paced({ latencyMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY }: Pace): Transform {
  let sent = Promise.resolve();
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const arrivesAt = performance.now() + latencyMs;
      const takesMs = (chunk.length / bytesPerSecond) * 1_000;
      sent = sent.then(async () => {
        await delay(Math.max(0, arrivesAt - performance.now()) + takesMs);
        this.push(chunk);
        if (takesMs > 0) next();
      });
      // A link that is only long takes the next bytes at once.
      if (takesMs === 0) next();
    },
    flush(done) {
      void sent.then(() => done());
    },
  });
}
