import { createHmac, randomBytes, scryptSync } from "node:crypto";
import type { Clock } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import { sameText } from "../../requests/same-text.ts";

/** The role is also the login name. `viewer` is read-only. */
const ROLES = ["admin", "viewer"] as const;
export type AdminRole = (typeof ROLES)[number];

export const isRole = (name: string): name is AdminRole => (ROLES as readonly string[]).includes(name);

export type Session = {
  readonly role: AdminRole;
  readonly id: string;
  readonly expiresAt: Date;
  /** Sent by forms and scripts of our pages; pages of other origins cannot know it. */
  readonly csrfToken: string;
};

export type Sessions = {
  /**
   * The role of a login, or null. Takes the same time for a wrong name, a wrong password and a password that
   * is not set.
   */
  check(login: string, password: string): AdminRole | null;
  /** Creates a session. @returns it with the value of its cookie. */
  open(role: AdminRole): { session: Session; cookie: string };
  /** The session of a cookie; null if it is missing, forged or expired. */
  read(cookie: string | undefined): Session | null;
  /**
   * The cookie of a browser that has signed in, which may do so again while guesses of others are limited.
   */
  markDevice(role: AdminRole): string;
  /** The id of the browser in such a cookie; null if it is missing, forged, expired or of another login. */
  deviceOf(cookie: string | undefined, login: string): string | null;
};

export const SESSION_LIMIT_MS = 12 * 60 * 60_000;
export const DEVICE_LIMIT_MS = 90 * 24 * 60 * 60_000;

type Purpose = "session" | "device";

/**
 * Stateless sessions: a cookie with a signature. Each role signs with its own key, derived with scrypt from
 * its password, so a viewer's cookie reveals nothing about the admin's password, and changing a password ends
 * its sessions.
 */
export function createSessions(admin: Config["admin"], clock: Clock): Sessions {
  const passwords = { admin: admin.adminPassword, viewer: admin.viewerPassword };
  const keys = {
    admin: signingKey("admin", passwords.admin, admin.sessionSecret),
    viewer: signingKey("viewer", passwords.viewer, admin.sessionSecret),
  };
  const tag = (role: AdminRole, purpose: Purpose | "csrf", text: string): string | null => {
    const key = keys[role];
    return key && createHmac("sha256", key).update(`${purpose}\n${text}`).digest("base64url");
  };
  const sessionOf = (role: AdminRole, id: string, expiresMs: number): Session => ({
    role,
    id,
    expiresAt: new Date(expiresMs),
    csrfToken: tag(role, "csrf", id) ?? "",
  });
  const sealed = (role: AdminRole, purpose: Purpose, limitMs: number) => {
    const id = randomBytes(16).toString("base64url");
    const expiresMs = clock.now().getTime() + limitMs;
    const text = `${role}.${id}.${expiresMs}`;
    return { id, expiresMs, cookie: `${text}.${tag(role, purpose, text)}` };
  };
  const unsealed = (cookie: string | undefined, purpose: Purpose) => {
    const [, text, role, id, expires, mark] = COOKIE.exec(cookie ?? "") ?? [];
    if (text === undefined || id === undefined || mark === undefined) return null;
    const expected = tag(role as AdminRole, purpose, text);
    if (expected === null || !sameText(mark, expected)) return null;
    const expiresMs = Number(expires);
    return expiresMs > clock.now().getTime() ? { role: role as AdminRole, id, expiresMs } : null;
  };
  return {
    check(login, password) {
      const role = isRole(login) ? login : null;
      const expected = role && passwords[role];
      // Without a password, compare with a random value: the time must not reveal it.
      const same = sameText(password, expected ?? randomBytes(32).toString("base64"));
      return same && expected ? role : null;
    },
    open(role) {
      const { cookie, id, expiresMs } = sealed(role, "session", SESSION_LIMIT_MS);
      return { session: sessionOf(role, id, expiresMs), cookie };
    },
    read(cookie) {
      const found = unsealed(cookie, "session");
      return found && sessionOf(found.role, found.id, found.expiresMs);
    },
    markDevice: (role) => sealed(role, "device", DEVICE_LIMIT_MS).cookie,
    deviceOf(cookie, login) {
      const found = unsealed(cookie, "device");
      return found?.role === login ? found.id : null;
    },
  };
}

const COOKIE = /^((admin|viewer)\.([\w-]{22})\.(\d{1,15}))\.([\w-]{43})$/;

function signingKey(role: AdminRole, password: string | null, secret: string | null): Buffer | null {
  if (password === null) return null;
  return scryptSync(password, `commonwork/${role}/${secret ?? ""}`, 32);
}
