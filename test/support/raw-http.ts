import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection to a server, written by hand: for requests that no client would send. */
export type RawConnection = {
  readonly socket: Socket;
  /** What has arrived so far. */
  readonly received: { text: string; ended: boolean };
  write(text: string): void;
  close(): void;
};

/** Connects to `http://host:port`. */
export async function rawConnection(address: string): Promise<RawConnection> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  const received = { text: "", ended: false };
  socket.on("data", (chunk: Buffer) => {
    received.text += chunk.toString("latin1");
  });
  for (const event of ["close", "error"])
    socket.on(event, () => {
      received.ended = true;
    });
  await once(socket, "connect");
  return { socket, received, write: (text) => void socket.write(text), close: () => void socket.destroy() };
}

/** The head of a request. */
export const requestHead = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string | number>>,
): string =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
