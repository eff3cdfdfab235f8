import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/** The replies to commands; `hang up` closes the connection. Default: success. */
export type SmtpAnswers = Partial<Record<"MAIL" | "RCPT" | "DATA" | "end of data" | "AUTH", string>>;

/** A small SMTP server that keeps the messages it accepted. */
export async function fakeSmtp(answers: SmtpAnswers = {}) {
  const state = { answers, messages: [] as string[], commands: [] as string[] };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    converse(socket, state);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
}

function converse(
  socket: Socket,
  state: { answers: SmtpAnswers; messages: string[]; commands: string[] },
): void {
  let message: string | null = null;
  let rest = "";
  const say = (line: string | undefined, otherwise: string): boolean => {
    if (line === "hang up") socket.destroy();
    else socket.write(`${line ?? otherwise}\r\n`);
    return line === undefined;
  };
  const command = (line: string): void => {
    const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
    state.commands.push(verb);
    if (verb === "EHLO") socket.write("250-fake\r\n250 AUTH PLAIN LOGIN\r\n");
    else if (verb === "AUTH") say(state.answers.AUTH, "235 welcome");
    else if (verb === "MAIL") say(state.answers.MAIL, "250 ok");
    else if (verb === "RCPT") say(state.answers.RCPT, "250 ok");
    else if (verb === "DATA") {
      if (say(state.answers.DATA, "354 go on")) message = "";
    } else socket.write(verb === "QUIT" ? "221 bye\r\n" : "250 ok\r\n");
  };
  socket.write("220 fake\r\n");
  socket.on("data", (chunk) => {
    rest += chunk.toString();
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (message === null) command(line);
      else if (line !== ".") message += `${line}\r\n`;
      else {
        const whole = message;
        message = null;
        if (say(state.answers["end of data"], "250 taken")) state.messages.push(whole);
      }
    }
  });
}
