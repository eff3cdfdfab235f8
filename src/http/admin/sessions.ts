import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";

/** The role is also the login name. `viewer` is read-only. */
const ROLES = ["admin", "viewer"] as const;
type AdminRole = (typeof ROLES)[number];

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
};

export const SESSION_LIMIT_MS = 12 * 60 * 60_000;

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
  const tag = (role: AdminRole, purpose: string, text: string): string | null => {
    const key = keys[role];
    return key && createHmac("sha256", key).update(`${purpose}\n${text}`).digest("base64url");
  };
  const sessionOf = (role: AdminRole, id: string, expiresMs: number): Session => ({
    role,
    id,
    expiresAt: new Date(expiresMs),
    csrfToken: tag(role, "csrf", id) ?? "",
  });
  return {
    check(login, password) {
      const role = ROLES.find((name) => name === login) ?? null;
      const expected = role && passwords[role];
      // Without a password, compare with a random value: the time must not reveal it.
      const same = sameText(password, expected ?? randomBytes(32).toString("base64"));
      return same && expected ? role : null;
    },
    open(role) {
      const id = randomBytes(16).toString("base64url");
      const expiresMs = clock.now().getTime() + SESSION_LIMIT_MS;
      const text = `${role}.${id}.${expiresMs}`;
      return { session: sessionOf(role, id, expiresMs), cookie: `${text}.${tag(role, "session", text)}` };
    },
    read(cookie) {
      const [, text, role, id, expires, mark] = COOKIE.exec(cookie ?? "") ?? [];
      if (text === undefined || id === undefined || mark === undefined) return null;
      const expected = tag(role as AdminRole, "session", text);
      if (expected === null || !sameText(mark, expected)) return null;
      const expiresMs = Number(expires);
      return expiresMs > clock.now().getTime() ? sessionOf(role as AdminRole, id, expiresMs) : null;
    },
  };
}

const COOKIE = /^((admin|viewer)\.([\w-]{22})\.(\d{1,15}))\.([\w-]{43})$/;

function signingKey(role: AdminRole, password: string | null, secret: string | null): Buffer | null {
  if (password === null) return null;
  return scryptSync(password, `commonwork/${role}/${secret ?? ""}`, 32);
}

/** Compares in constant time, also for different lengths. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
