import { describe, expect, it } from "vitest";
import { calendarWorld, statesOf } from "../../support/calendars.ts";
import { eventually } from "../../support/eventually.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

const AUTH = { AUTH_JWT_SECRET: JWT_SECRET };

async function client(world: World) {
  const address = await serve(world);
  const [user] = await world.query<{ id: string }>("insert into users (name) values ('') returning id");
  const bearer = await userToken(user!.id, world.clock.now());
  const ask = async (method: string, body?: unknown, provider = "google", token: string | null = bearer) => {
    const response = await fetch(`${address}/api/v1/calendar-connections/${provider}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { userId: user!.id, ask };
}

describe("/api/v1/calendar-connections", () => {
  it("connects, shows the status, and disconnects", async () => {
    const { world, google } = await calendarWorld({ environment: AUTH });
    const { userId, ask } = await client(world);
    google.grants.add("refresh-token-1");
    expect(await ask("GET")).toMatchObject({ status: 404, body: { error: { code: "not-connected" } } });
    expect(await ask("PUT", { refresh_token: "refresh-token-1" })).toEqual({
      status: 200,
      body: { provider: "google", status: "active" },
    });
    await world.drain();
    expect(google.live("refresh-token-1")).toHaveLength(1);
    expect(await ask("GET")).toEqual({
      status: 200,
      body: {
        provider: "google",
        status: "active",
        reason: null,
        connected_at: "2026-03-02T02:00:00.000Z",
        read_at: "2026-03-02T02:00:00.000Z",
      },
    });
    expect(await ask("DELETE")).toEqual({
      status: 200,
      body: { provider: "google", status: "disconnected" },
    });
    await world.drain();
    const [connection] = await world.query<{ id: string; token: string | null }>(
      "select id, refresh_token as token from calendar_connections where user_id = $1",
      [userId],
    );
    expect(connection!.token).toBeNull();
    expect(await statesOf(world, connection!.id)).toEqual(["stopped"]);
    expect((await ask("DELETE")).status).toBe(404);
  });

  it("rejects other providers, invalid bodies and missing tokens, and changes nothing", async () => {
    const { world } = await calendarWorld({ environment: AUTH });
    const { ask } = await client(world);
    expect(await ask("PUT", { refresh_token: "refresh-token-1" }, "outlook")).toMatchObject({
      status: 404,
      body: { error: { code: "unknown-provider", message: expect.stringContaining("only google") } },
    });
    for (const body of [{}, { refresh_token: "two words" }, { refresh_token: 7 }]) {
      expect(await ask("PUT", body)).toMatchObject({
        status: 422,
        body: { error: { code: "bad-connection" } },
      });
    }
    expect((await ask("PUT", { refresh_token: "refresh-token-1" }, "google", null)).status).toBe(401);
    expect(await world.query("select 1 from calendar_connections")).toEqual([]);
  });

  it("answers 503 if calendars are not configured", async () => {
    const { ask } = await client(await createWorld({ environment: AUTH }));
    expect(await ask("PUT", { refresh_token: "refresh-token-1" })).toMatchObject({
      status: 503,
      body: { error: { code: "not-configured" } },
    });
  });

  it("limits the changes of a user, each of which calls the provider, but not their reads", async () => {
    const { world } = await calendarWorld({ environment: AUTH });
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const [{ ask }, other] = [await client(world), await client(world)];
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++)
      statuses.push((await ask(n % 2 ? "DELETE" : "PUT", { refresh_token: `refresh-${n}` })).status);
    expect(statuses.slice(0, 10)).toEqual(Array(5).fill([200, 200]).flat());
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await ask("GET")).status).toBe(200);
    expect((await other.ask("PUT", { refresh_token: "refresh-x" })).status).toBe(200);
  });
});
