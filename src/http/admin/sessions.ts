import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";

/** `viewer` sees, `admin` acts. The login has the name of the role. */
const ROLES = ["admin", "viewer"] as const;
type AdminRole = (typeof ROLES)[number];

export type Session = {
  readonly role: AdminRole;
  readonly id: string;
  readonly expiresAt: Date;
  /** What a form or a script of ours sends along, and a page of somebody else cannot know. */
  readonly csrfToken: string;
};

export type Sessions = {
  /** The role of this login, or null. Takes equally long for a wrong name, a wrong password and one that is not set. */
  check(login: string, password: string): AdminRole | null;
  /** @returns the session and the text of its cookie. */
  open(role: AdminRole): { session: Session; cookie: string };
  /** Reads a cookie back: null when it is not ours, altered, or expired. */
  read(cookie: string | undefined): Session | null;
};

export const SESSION_LIMIT_MS = 12 * 60 * 60_000;

/**
 * Sessions that no process has to remember: a cookie with its own signature. Each role signs with a key of its own, made slowly
 * from its own password, so that a viewer's cookie tells nothing about the password of the admin, and a changed password ends
 * the sessions that were opened with the old one.
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
      // Compared in any case, with something that nobody can send.
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

/** Compares in a time that tells nothing, not even the length. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
