import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { calendarWorld, channelsOf, googleVariables, KEYS } from "../support/calendars.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { programFile } from "../support/program-file.ts";
import { createWorld, type World } from "../support/world.ts";

async function scene() {
  const { world, google } = await calendarWorld();
  const [user] = await world.query<{ id: string; publicId: string }>(
    `insert into users (name) values ('') returning id, public_id as "publicId"`,
  );
  google.grants.add("refresh-token-1");
  const environment = { ...environmentOf(world), ...googleVariables(google) };
  const connect = (...words: string[]) =>
    cli(environment, "calendar", "connect", "--user-id", user!.publicId, ...words);
  return { world, google, userId: user!.id, environment, connect };
}

function tokenFile(token: string): string {
  const folder = mkdtempSync(join(tmpdir(), "commonwork-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, token, { mode: 0o600 });
  return file;
}

const audited = (world: World) => world.query("select action, subject from audit_log order by id");

describe("commonwork calendar", () => {
  it("connects with a token from a file, lists, and disconnects", async () => {
    const { world, google, userId, environment, connect } = await scene();
    const connected = await connect(
      "--provider=google",
      "--refresh-token",
      tokenFile("refresh-token-1\n"),
      "--json",
    );
    expect(connected).toMatchObject({ code: 0, err: "" });
    const { connectionId } = JSON.parse(connected.out);
    await world.drain();
    expect(google.live("refresh-token-1")).toHaveLength(1);
    const listed = await cli(environment, "calendar", "list", "--json");
    expect(JSON.parse(listed.out)).toMatchObject([
      { id: connectionId, userId, status: "active", reason: null },
    ]);
    expect(listed.out).not.toMatch(/v1\.|refresh-token/);
    expect((await cli(environment, "calendar", "list")).out).toContain("2026-03-09");
    expect(await cli(environment, "calendar", "disconnect", `--user-id=${userId}`)).toMatchObject({
      code: 0,
    });
    await world.drain();
    expect(google.live("refresh-token-1")).toEqual([]);
    expect((await channelsOf(world, connectionId)).map(({ state }) => state)).toEqual(["stopped"]);
    expect(await cli(environment, "calendar", "disconnect", `--user-id=${userId}`)).toEqual({
      code: 1,
      out: "",
      err: `User ${userId} has no connected calendar.\n`,
    });
    const subject = `calendar_connections:${connectionId}`;
    expect(await audited(world)).toEqual([
      { action: "calendar.connect", subject },
      { action: "calendar.disconnect", subject },
    ]);
  });

  it("reads a token from standard input", async () => {
    const { world, google, userId, environment } = await scene();
    const words = [programFile("cli"), "calendar", "connect", "--user-id", userId];
    const output = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [...words, "--provider", "google", "--refresh-token", "-"],
        { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment } },
        (error, out) => (error ? reject(error) : resolve(out)),
      );
      child.stdin?.end("refresh-token-1\n");
    });
    expect(output).toMatch(/\(connection 1\)\. Its channel is being opened/);
    await world.drain();
    expect(google.live("refresh-token-1")).toHaveLength(1);
  });

  it.each([
    [["--provider=outlook", "--refresh-token=-"], /Unknown provider "outlook": only google/],
    [["--provider=google", "--refresh-token=1//the-token-itself"], /not the token itself/],
    [["--provider=google"], /'--refresh-token <file>' is required/],
    [["--refresh-token=-"], /'--provider <name>' is required/],
  ])("rejects %j with the reason", async (words, reason) => {
    const { world, connect } = await scene();
    const answer = await connect(...words);
    expect(answer.code).toBe(1);
    expect(answer.err).toMatch(reason);
    expect(await world.query("select 1 from calendar_connections")).toEqual([]);
  });

  it("rejects a file that does not hold a token", async () => {
    const { connect } = await scene();
    for (const text of ["", "two words", "short"]) {
      expect(await connect("--provider=google", "--refresh-token", tokenFile(text))).toMatchObject({
        code: 1,
        err: "This is not a refresh token: expected a single word of 8 to 4096 characters.\n",
      });
    }
  });

  it("names the variable that is not set", async () => {
    const world = await createWorld();
    await world.query("insert into users (name) values ('')");
    const file = tokenFile("refresh-token-1");
    expect(
      await cli(
        environmentOf(world),
        "calendar",
        "connect",
        "--user-id=1",
        "--provider=google",
        `--refresh-token=${file}`,
      ),
    ).toMatchObject({ code: 1, err: expect.stringContaining("GOOGLE_CLIENT_ID") });
    expect((await cli(environmentOf(world), "calendar", "list")).out).toBe("No calendars are connected.\n");
  });

  it("re-encrypts every token with a new key, so that the old one can be removed", async () => {
    const { world, google, environment, connect } = await scene();
    await connect("--provider=google", "--refresh-token", tokenFile("refresh-token-1"));
    await world.drain();
    const both = { ...environment, TOKEN_ENCRYPTION_KEY: `${KEYS[1]},${KEYS[0]}` };
    const reseal = async (variables: Record<string, string>) =>
      cli(variables, "calendar", "reseal", "--json");
    const sealed = () =>
      world.query<{ refresh: string; access: string }>(
        "select refresh_token as refresh, access_token as access from calendar_connections",
      );
    const before = await sealed();
    const lost = await reseal({ ...environment, TOKEN_ENCRYPTION_KEY: KEYS[1]! });
    expect(lost).toMatchObject({ code: 1, out: "" });
    expect(lost.err).toMatch(/^A stored token cannot be decrypted: .* TOKEN_ENCRYPTION_KEY/);
    expect(JSON.parse((await reseal(both)).out)).toEqual({ resealed: 1 });
    expect(JSON.parse((await reseal(both)).out)).toEqual({ resealed: 0 });
    const after = await sealed();
    expect(after[0]!.refresh.slice(0, 11)).not.toBe(before[0]!.refresh.slice(0, 11));
    expect(after[0]!.access.slice(0, 11)).toBe(after[0]!.refresh.slice(0, 11));
    const fresh = { ...environment, TOKEN_ENCRYPTION_KEY: KEYS[1] };
    expect(JSON.parse((await reseal(fresh)).out)).toEqual({ resealed: 0 });
    expect(google.live("refresh-token-1")).toHaveLength(1);
  });
});
