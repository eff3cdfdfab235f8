import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { parseSmtpUrl, type SmtpServer } from "../../src/config/smtp-url.ts";
import { LOOPBACK_CERTIFICATE } from "./certificate.ts";

/** The steps of a conversation at which the server can misbehave. */
export type SmtpStep = "greeting" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "end of data";

/**
 * A reply instead of success, or `hang` (no reply), `hang up` (closes the connection), `accept, hang` and
 * `accept, hang up` (keeps the message first). A function is given the command and the recipient, if it has
 * been named, and returns undefined for success.
 */
export type SmtpAnswer = string | ((command: string, recipient: string) => string | undefined);
export type SmtpAnswers = Partial<Record<SmtpStep, SmtpAnswer>>;

type Options = {
  readonly answers?: SmtpAnswers;
  /** Offers STARTTLS, with the certificate of certificate.ts. */
  readonly offersTls?: boolean;
};

type State = {
  answers: SmtpAnswers;
  /** Called at each step, before the server answers. */
  onStep: (step: SmtpStep) => void;
  /** The accepted messages, as bytes in ASCII. */
  messages: string[];
  /** The verbs of all connections. Of TLS they say whether they came through it. */
  commands: string[];
  connections: number;
};

/** A small SMTP server that keeps the messages it accepted. */
export async function fakeSmtp({ answers = {}, offersTls = false }: Options = {}) {
  const state: State = { answers, onStep: () => undefined, messages: [], commands: [], connections: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    converse(socket, state, offersTls);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const closeConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return Object.assign(state, {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    closeConnections,
    close: () =>
      new Promise<void>((resolve) => {
        closeConnections();
        server.close(() => resolve());
      }),
  });
}

/** The server of a URL, as the configuration reads it. */
export function smtpServerOf(url: string): SmtpServer {
  const parsed = parseSmtpUrl(url);
  if ("fault" in parsed) throw new Error(`the URL must be ${parsed.fault}`);
  return parsed;
}

function converse(plain: Socket, state: State, offersTls: boolean): void {
  let socket = plain;
  let message: string | null = null;
  let recipient = "";
  let rest = "";
  /** Answers a step. @returns whether it succeeded. */
  const answer = (step: SmtpStep, command: string, success: string): boolean => {
    state.onStep(step);
    const wanted = state.answers[step];
    const given = typeof wanted === "function" ? wanted(command, recipient) : wanted;
    if (given?.startsWith("accept, ")) state.messages.push(message ?? "");
    if (given?.endsWith("hang up")) socket.destroy();
    else if (!given?.endsWith("hang")) socket.write(`${given ?? success}\r\n`);
    return given === undefined || /^[23]/.test(given);
  };
  const startTls = (): void => {
    plain.removeAllListeners("data");
    const secured = new TLSSocket(plain, { isServer: true, ...LOOPBACK_CERTIFICATE });
    secured.on("error", () => undefined);
    socket = secured;
    rest = "";
    secured.on("data", read);
  };
  const command = (line: string): void => {
    const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
    state.commands.push(socket === plain ? verb : `${verb} (TLS)`);
    const startsTls = offersTls && socket === plain;
    if (verb === "EHLO")
      answer("EHLO", line, `250-fake\r\n${startsTls ? "250-STARTTLS\r\n" : ""}250 AUTH PLAIN LOGIN`);
    else if (verb === "STARTTLS" && startsTls) {
      if (answer("STARTTLS", line, "220 go ahead")) startTls();
    } else if (verb === "AUTH") answer("AUTH", line, "235 welcome");
    else if (verb === "MAIL") answer("MAIL", line, "250 ok");
    else if (verb === "RCPT") {
      recipient = line;
      answer("RCPT", line, "250 ok");
    } else if (verb === "DATA") {
      if (answer("DATA", line, "354 go on")) message = "";
    } else if (verb === "QUIT") socket.end("221 bye\r\n");
    else socket.write(verb === "STARTTLS" ? "502 not implemented\r\n" : "250 ok\r\n");
  };
  const read = (chunk: Buffer): void => {
    rest += chunk.toString("latin1");
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (message === null) command(line);
      else if (line !== ".") message += `${line.replace(/^\.\./, ".")}\r\n`;
      else {
        if (answer("end of data", line, "250 taken")) state.messages.push(message);
        message = null;
      }
    }
  };
  plain.on("data", read);
  answer("greeting", "", "220 fake");
}
