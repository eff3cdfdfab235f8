import { createHmac, randomBytes, scryptSync } from "node:crypto";
import type { Clock } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import { sameText } from "../../requests/same-text.ts";

/** `viewer` is read-only. */
export type AdminRole = "admin" | "viewer";

/** A login: the name of a role, or a person with the role admin. */
export type Login = { readonly name: string; readonly role: AdminRole };

export type Session = {
  /** The login name, which the audit log records. */
  readonly login: string;
  readonly role: AdminRole;
  readonly id: string;
  readonly expiresAt: Date;
  /** Sent by forms and scripts of our pages; pages of other origins cannot know it. */
  readonly csrfToken: string;
  /** Signs what a page hands to a browser and has to come back unchanged. It is never sent. */
  readonly signingKey: string;
};

export type Sessions = {
  /** Whether there is a login of this name, with a password or without. */
  isKnown(name: string): boolean;
  /** The login, or null. Takes the same time for a wrong name, a wrong password and one that is not set. */
  check(name: string, password: string): Login | null;
  /** Creates a session. @returns it with the value of its cookie. */
  open(login: Login): { session: Session; cookie: string };
  /** The session of a cookie; null if it is missing, forged or expired. */
  read(cookie: string | undefined): Session | null;
  /**
   * The cookie of a browser that has signed in, which may do so again while guesses of others are limited.
   */
  markDevice(login: Login): string;
  /** The id of the browser in such a cookie; null if it is missing, forged, expired or of another login. */
  deviceOf(cookie: string | undefined, name: string): string | null;
};

export const SESSION_LIMIT_MS = 12 * 60 * 60_000;
export const DEVICE_LIMIT_MS = 90 * 24 * 60 * 60_000;

type Purpose = "session" | "device";

/**
 * Stateless sessions: a cookie with a signature. Each login signs with its own key, derived with scrypt from
 * its password, so a viewer's cookie reveals nothing about the admin's password, and changing a password ends
 * its sessions.
 */
export function createSessions(admin: Config["admin"], clock: Clock): Sessions {
  const logins = loginsOf(admin);
  const tag = (name: string, purpose: Purpose | "csrf" | "signing", text: string): string | null => {
    const key = logins.get(name)?.key;
    return key ? createHmac("sha256", key).update(`${purpose}\n${text}`).digest("base64url") : null;
  };
  const sessionOf = ({ name, role }: Login, id: string, expiresMs: number): Session => ({
    login: name,
    role,
    id,
    expiresAt: new Date(expiresMs),
    csrfToken: tag(name, "csrf", id) ?? "",
    signingKey: tag(name, "signing", id) ?? "",
  });
  const sealed = ({ name }: Login, purpose: Purpose, limitMs: number) => {
    const id = randomBytes(16).toString("base64url");
    const expiresMs = clock.now().getTime() + limitMs;
    const text = `${name}.${id}.${expiresMs}`;
    return { id, expiresMs, cookie: `${text}.${tag(name, purpose, text)}` };
  };
  const unsealed = (cookie: string | undefined, purpose: Purpose) => {
    const [, text, name, id, expires, mark] = COOKIE.exec(cookie ?? "") ?? [];
    const login = logins.get(name ?? "");
    if (login === undefined || text === undefined || id === undefined || mark === undefined) return null;
    const expected = tag(login.name, purpose, text);
    if (expected === null || !sameText(mark, expected)) return null;
    const expiresMs = Number(expires);
    return expiresMs > clock.now().getTime() ? { login, id, expiresMs } : null;
  };
  return {
    isKnown: (name) => logins.has(name),
    check(name, password) {
      const login = logins.get(name);
      const expected = login?.password ?? null;
      // Without a password, compare with a random value: the time must not reveal it.
      const same = sameText(password, expected ?? randomBytes(32).toString("base64"));
      return same && login !== undefined && expected !== null ? { name, role: login.role } : null;
    },
    open(login) {
      const { cookie, id, expiresMs } = sealed(login, "session", SESSION_LIMIT_MS);
      return { session: sessionOf(login, id, expiresMs), cookie };
    },
    read(cookie) {
      const found = unsealed(cookie, "session");
      return found && sessionOf(found.login, found.id, found.expiresMs);
    },
    markDevice: (login) => sealed(login, "device", DEVICE_LIMIT_MS).cookie,
    deviceOf(cookie, name) {
      const found = unsealed(cookie, "device");
      return found?.login.name === name ? found.id : null;
    },
  };
}

const COOKIE = /^(([a-z][a-z0-9-]{0,31})\.([\w-]{22})\.(\d{1,15}))\.([\w-]{43})$/;

type KnownLogin = Login & { readonly password: string | null; readonly key: Buffer | null };

function loginsOf({
  adminPassword,
  viewerPassword,
  operators,
  sessionSecret,
}: Config["admin"]): ReadonlyMap<string, KnownLogin> {
  const known = (name: string, role: AdminRole, password: string | null): [string, KnownLogin] => [
    name,
    { name, role, password, key: signingKey(name, password, sessionSecret) },
  ];
  return new Map([
    known("admin", "admin", adminPassword),
    known("viewer", "viewer", viewerPassword),
    ...operators.map(({ name, password }) => known(name, "admin", password)),
  ]);
}

function signingKey(name: string, password: string | null, secret: string | null): Buffer | null {
  if (password === null) return null;
  return scryptSync(password, `commonwork/${name}/${secret ?? ""}`, 32);
}
