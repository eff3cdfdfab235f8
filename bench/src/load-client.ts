import { connect, type Socket } from "node:net";

/** Responses to a load. */
export type LoadResult = {
  readonly answered: number;
  readonly tookMs: number;
  /** Responses by status code. */
  readonly statuses: ReadonlyMap<number, number>;
};

/** An HTTP/1.1 GET as bytes, with keep-alive. */
export function getRequest(path: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({ host: "bench", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
}

/** An HTTP/1.1 POST as bytes, with keep-alive. */
export function postRequest(path: string, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries({ host: "bench", "content-length": String(body.length), ...headers }).map(
    ([k, v]) => `${k}: ${v}`,
  );
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), body]);
}

/**
 * Sends every request once over `connections` connections, each waiting for its response before the next
 * request: a closed loop. Requests are prepared bytes and responses are hardly parsed, so that the client
 * uses little of the machine.
 */
export async function closedLoop(
  port: number,
  requests: readonly Buffer[],
  connections: number,
): Promise<LoadResult> {
  let next = 0;
  const statuses = new Map<number, number>();
  const startedAt = performance.now();
  const one = () =>
    converse(port, (status) => {
      if (status !== null) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      return next < requests.length ? requests[next++] : undefined;
    });
  await Promise.all(Array.from({ length: connections }, one));
  const answered = [...statuses.values()].reduce((sum, n) => sum + n, 0);
  return { answered, tookMs: performance.now() - startedAt, statuses };
}

/**
 * Runs one connection. `next` gets each status, null at first, and returns the next request, or nothing to
 * end.
 */
function converse(port: number, next: (status: number | null) => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let pending = Buffer.alloc(0);
    const send = (status: number | null) => {
      const request = next(status);
      if (request) socket.write(request);
      else socket.end(resolve);
    };
    socket.on("connect", () => send(null));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = endOfAnswer(pending);
      if (end === null) return;
      const status = Number(pending.subarray(9, 12).toString("latin1"));
      pending = pending.subarray(end);
      send(status);
    });
  });
}

/**
 * Sends at a fixed rate, whatever the responses: an open loop. `onAnswer` gets the index and status of each,
 * when it was answered, and how long that took since it was to be sent.
 */
export async function openLoop(
  port: number,
  requests: readonly Buffer[],
  perSecond: number,
  onAnswer: (index: number, status: number, at: number, tookMs: number) => void,
): Promise<void> {
  const idle: Socket[] = [];
  const all: Socket[] = [];
  let answered = 0;
  const startedAt = performance.now();
  /** While no request is under way, the server may close or reset a connection: it is not used again. */
  const open = (): Socket => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    all.push(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      const at = idle.indexOf(socket);
      if (at >= 0) idle.splice(at, 1);
    });
    return socket;
  };
  await new Promise<void>((resolve, reject) => {
    const ask = (index: number) => {
      const socket = idle.pop() ?? open();
      let pending = Buffer.alloc(0);
      const hear = (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        if (endOfAnswer(pending) === null) return;
        socket.off("data", hear);
        socket.off("error", reject);
        idle.push(socket);
        const dueMs = startedAt + (index / perSecond) * 1_000;
        const status = Number(pending.subarray(9, 12).toString("latin1"));
        onAnswer(index, status, Date.now(), performance.now() - dueMs);
        answered += 1;
        if (answered === requests.length) resolve();
      };
      socket.on("data", hear);
      socket.on("error", reject);
      socket.write(requests[index] as Buffer);
    };
    let sent = 0;
    const timer = setInterval(() => {
      // Request n is due after n / perSecond seconds, the first one at once.
      const due = Math.min(
        requests.length,
        Math.floor(((performance.now() - startedAt) / 1_000) * perSecond) + 1,
      );
      while (sent < due) ask(sent++);
      if (sent === requests.length) clearInterval(timer);
    }, 1);
  });
  for (const socket of all) socket.end();
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** @returns the end of the first response, or null when it is incomplete. */
function endOfAnswer(bytes: Buffer): number | null {
  const head = bytes.indexOf(HEAD_END);
  if (head < 0) return null;
  const length = /content-length: (\d+)/i.exec(bytes.subarray(0, head).toString("latin1"))?.[1];
  const end = head + 4 + Number(length ?? 0);
  return bytes.length >= end ? end : null;
}
