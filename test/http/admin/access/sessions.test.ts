import { describe, expect, test } from "vitest";
import { createSessions, SESSION_LIMIT_MS } from "../../../../src/http/admin/access/sessions.ts";

const clock = { now: () => new Date("2026-03-08T02:00:00Z") };
const passwords = { adminPassword: "open sesame", viewerPassword: "just looking", sessionSecret: null };
const sessions = createSessions(passwords, clock);

describe("check", () => {
  test.each([
    ["admin", "open sesame", "admin"],
    ["viewer", "just looking", "viewer"],
    ["admin", "just looking", null],
    ["viewer", "open sesame", null],
    ["admin", "", null],
    ["Admin", "open sesame", null],
    ["root", "open sesame", null],
    ["__proto__", "open sesame", null],
  ])("%s with %j is %s", (login, password, role) => {
    expect(sessions.check(login, password)).toBe(role);
  });

  test("a login without a password is disabled", () => {
    const half = createSessions({ ...passwords, viewerPassword: null }, clock);
    for (const password of ["", "null", "undefined"]) expect(half.check("viewer", password)).toBeNull();
  });
});

describe("cookies", () => {
  test("can be read, each session with its own CSRF token", () => {
    const one = sessions.open("viewer");
    const other = sessions.open("viewer");
    expect(sessions.read(one.cookie)).toEqual(one.session);
    expect(one.session.csrfToken).not.toBe(other.session.csrfToken);
    expect(createSessions(passwords, clock).read(one.cookie)).toEqual(one.session);
  });

  test("cannot be forged", () => {
    const { cookie, session } = sessions.open("viewer");
    const later = cookie.replace(
      String(session.expiresAt.getTime()),
      String(session.expiresAt.getTime() + 1),
    );
    for (const forged of [
      cookie.replace("viewer", "admin"),
      later,
      cookie.slice(0, -1),
      `${cookie}A`,
      "",
      "...",
    ]) {
      expect(sessions.read(forged)).toBeNull();
    }
    expect(sessions.read(undefined)).toBeNull();
  });

  test("expire", () => {
    const { cookie } = sessions.open("admin");
    const at = (ms: number) => createSessions(passwords, { now: () => new Date(clock.now().getTime() + ms) });
    expect(at(SESSION_LIMIT_MS - 1).read(cookie)).not.toBeNull();
    expect(at(SESSION_LIMIT_MS).read(cookie)).toBeNull();
  });

  test("end when the password of their role changes, and only then", () => {
    const changed = createSessions({ ...passwords, adminPassword: "another" }, clock);
    expect(changed.read(sessions.open("admin").cookie)).toBeNull();
    expect(changed.read(sessions.open("viewer").cookie)).not.toBeNull();
    const secret = createSessions({ ...passwords, sessionSecret: "now with one" }, clock);
    expect(secret.read(sessions.open("viewer").cookie)).toBeNull();
  });
});
