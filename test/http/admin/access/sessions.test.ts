import { describe, expect, test } from "vitest";
import { createSessions, SESSION_LIMIT_MS } from "../../../../src/http/admin/access/sessions.ts";

const clock = { now: () => new Date("2026-03-08T02:00:00Z") };
const passwords = {
  adminPassword: "open sesame",
  viewerPassword: "just looking",
  operators: [{ name: "ada", password: "difference engine" }],
  sessionSecret: null,
};
const ADMIN = { name: "admin", role: "admin" } as const;
const VIEWER = { name: "viewer", role: "viewer" } as const;
const ADA = { name: "ada", role: "admin" } as const;
const sessions = createSessions(passwords, clock);

describe("check", () => {
  test.each([
    ["admin", "open sesame", ADMIN],
    ["viewer", "just looking", VIEWER],
    ["ada", "difference engine", ADA],
    ["ada", "open sesame", null],
    ["admin", "difference engine", null],
    ["admin", "just looking", null],
    ["viewer", "open sesame", null],
    ["admin", "", null],
    ["Admin", "open sesame", null],
    ["root", "open sesame", null],
    ["__proto__", "open sesame", null],
  ])("%s with %j is %o", (login, password, expected) => {
    expect(sessions.check(login, password)).toEqual(expected);
  });

  test("a login without a password is disabled", () => {
    const half = createSessions({ ...passwords, viewerPassword: null }, clock);
    for (const password of ["", "null", "undefined"]) expect(half.check("viewer", password)).toBeNull();
  });
});

describe("cookies", () => {
  test("can be read, each session with its own CSRF token", () => {
    const one = sessions.open(VIEWER);
    const other = sessions.open(VIEWER);
    expect(sessions.read(one.cookie)).toEqual(one.session);
    expect(one.session.csrfToken).not.toBe(other.session.csrfToken);
    expect(createSessions(passwords, clock).read(one.cookie)).toEqual(one.session);
  });

  test("cannot be forged", () => {
    const { cookie, session } = sessions.open(VIEWER);
    const later = cookie.replace(
      String(session.expiresAt.getTime()),
      String(session.expiresAt.getTime() + 1),
    );
    for (const forged of [
      cookie.replace("viewer", "admin"),
      cookie.replace("viewer", "ada"),
      cookie.replace("viewer", "nobody"),
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

  test("of a person have their name and the role admin, and are worthless without their login", () => {
    const { cookie, session } = sessions.open(ADA);
    expect(session).toMatchObject({ login: "ada", role: "admin" });
    expect(sessions.read(cookie)).toEqual(session);
    expect(createSessions({ ...passwords, operators: [] }, clock).read(cookie)).toBeNull();
  });

  test("expire", () => {
    const { cookie } = sessions.open(ADMIN);
    const at = (ms: number) => createSessions(passwords, { now: () => new Date(clock.now().getTime() + ms) });
    expect(at(SESSION_LIMIT_MS - 1).read(cookie)).not.toBeNull();
    expect(at(SESSION_LIMIT_MS).read(cookie)).toBeNull();
  });

  test("end when the password of their role changes, and only then", () => {
    const changed = createSessions({ ...passwords, adminPassword: "another" }, clock);
    expect(changed.read(sessions.open(ADMIN).cookie)).toBeNull();
    expect(changed.read(sessions.open(VIEWER).cookie)).not.toBeNull();
    const secret = createSessions({ ...passwords, sessionSecret: "now with one" }, clock);
    expect(secret.read(sessions.open(VIEWER).cookie)).toBeNull();
  });
});
