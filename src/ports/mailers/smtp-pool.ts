import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SmtpServer } from "../../config/smtp-url.ts";
import type { MailMessage } from "./message.ts";

export type SmtpPoolOptions = {
  readonly server: Omit<SmtpServer, "perSecond">;
  readonly timeoutMs: number;
  /** Certificates to trust in addition to the usual ones, in PEM. */
  readonly ca?: string;
};

/**
 * The fields of nodemailer's errors that are safe to use. Their messages contain addresses, and so may the
 * reply in `response`.
 */
export type SmtpError = {
  readonly code?: string;
  /** The code of the cause, such as that of a certificate. */
  readonly originalCode?: string;
  /** The command that was answered: `MAIL FROM`, `RCPT TO`, `DATA`. */
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
};

/** A signed-in connection. Sends one message at a time. */
export type SmtpSession = {
  /** Whether it has sent before: then the server may have closed it in the meantime. */
  readonly isUsed: boolean;
  /**
   * Sends a message. `begin` is called once the server has accepted the envelope, before the first byte of
   * the message leaves.
   * @throws SmtpError
   */
  send(message: MailMessage, begin: () => Promise<void>): Promise<void>;
};

export type SmtpPool = {
  /** Runs work on an idle connection, or on a new one. A connection on which the work fails is closed. */
  use<T>(work: (session: SmtpSession) => Promise<T>, options?: { fresh?: boolean }): Promise<T>;
  close(): void;
};

/** Servers close idle connections after some minutes; this is sooner than any of them. */
const IDLE_MS = 10_000;
/** Servers limit the messages of a connection. */
const MESSAGES_PER_CONNECTION = 100;

type Pooled = { readonly connection: SMTPConnection; sent: number; idleTimer?: NodeJS.Timeout };

/** Keeps connections open between messages. As many are open as messages are being sent at once. */
export function createSmtpPool(options: SmtpPoolOptions): SmtpPool {
  const idle: Pooled[] = [];
  const take = (): Pooled | undefined => {
    for (let pooled = idle.pop(); pooled !== undefined; pooled = idle.pop()) {
      clearTimeout(pooled.idleTimer);
      if (!pooled.connection.destroyed) return pooled;
    }
    return undefined;
  };
  const giveBack = (pooled: Pooled): void => {
    if (pooled.connection.destroyed) return;
    if (pooled.sent >= MESSAGES_PER_CONNECTION) {
      pooled.connection.quit();
      return;
    }
    pooled.idleTimer = setTimeout(() => {
      idle.splice(idle.indexOf(pooled), 1);
      pooled.connection.quit();
    }, IDLE_MS).unref();
    idle.push(pooled);
  };
  return {
    async use(work, { fresh = false } = {}) {
      const pooled = (fresh ? undefined : take()) ?? { connection: await open(options), sent: 0 };
      try {
        const result = await work({
          isUsed: pooled.sent > 0,
          send: (message, begin) => send(pooled, message, begin),
        });
        giveBack(pooled);
        return result;
      } catch (error) {
        pooled.connection.close();
        throw error;
      }
    },
    close() {
      for (let pooled = take(); pooled !== undefined; pooled = take()) pooled.connection.close();
    },
  };
}

/** Connects and signs in. */
function open({ server, timeoutMs, ca }: SmtpPoolOptions): Promise<SMTPConnection> {
  const { host, port, isImplicitTls, tls, credentials } = server;
  const connection = new SMTPConnection({
    host,
    port,
    secure: isImplicitTls,
    requireTLS: !isImplicitTls && (tls === "required" || tls === "unverified"),
    ignoreTLS: tls === "off",
    tls: { rejectUnauthorized: tls !== "unverified", ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown): void => {
      // First: closing emits `end`.
      reject(error ?? { code: "ECONNECTION" });
      connection.close();
    };
    connection.on("error", fail);
    connection.once("end", fail);
    const signedIn = (error?: unknown): void => {
      if (error) {
        fail(error);
        return;
      }
      connection.off("end", fail);
      resolve(connection);
    };
    connection.connect((error) => {
      if (error || credentials === null) return signedIn(error);
      connection.login({ credentials: { user: credentials.user, pass: credentials.password } }, signedIn);
    });
  });
}

function send(pooled: Pooled, message: MailMessage, begin: () => Promise<void>): Promise<void> {
  // Read once the server asks for the message.
  const content = Readable.from(
    (async function* () {
      await begin();
      yield message.bytes;
    })(),
  );
  const envelope = { from: message.from, to: [message.to], size: message.bytes.length };
  return new Promise((resolve, reject) => {
    pooled.connection.send(envelope, content, (error) => {
      if (error) return reject(error);
      pooled.sent += 1;
      resolve();
    });
  });
}
