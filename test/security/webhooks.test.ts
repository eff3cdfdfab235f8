import { describe, expect, it } from "vitest";
import type { HttpOptions } from "../../src/http/server.ts";
import { createBodyMemory } from "../../src/http/webhooks/body-memory.ts";
import { callWebhook, SALE_PATH, saleBody, serve, sign } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { type RawConnection, rawConnection, requestHead } from "../support/raw-http.ts";
import { createWorld, type World } from "../support/world.ts";

const EVENTS_PATH = "/webhooks/domain_events";
const EVENTS_SECRET = "the long secret of the host";
const MAX_EVENTS_BODY = 512 * 1024;
/** Has the form of a signature, and is none. */
const FORGED = `sha256=${"0".repeat(64)}`;

async function open(environment: Record<string, string> = {}, options: HttpOptions = {}) {
  const world = await createWorld({
    environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: EVENTS_SECRET, ...environment },
  });
  await eventually(() => expect(world.producers.ready()).toBe(true));
  return { world, address: await serve(world, {}, options) };
}

const raw = async (world: World, address: string) => {
  const connection = await rawConnection(address);
  world.closing(async () => connection.close());
  return connection;
};

/** How many calls a limit rejected. */
const limited = async (world: World): Promise<number> =>
  (await world.metrics.webhookCalls.get()).values
    .filter(({ labels }) => labels.status === "limited")
    .reduce((sum, { value }) => sum + value, 0);

const postEvent = (address: string, id: string, from = "203.0.113.9") => {
  const body = JSON.stringify({
    events: [{ id, event_type: "document_uploaded", project_id: 1, resource_id: 1 }],
  });
  return callWebhook(address, body, {
    path: EVENTS_PATH,
    headers: {
      "X-Forwarded-For": from,
      "X-Scicent-Signature": null,
      "X-Commonwork-Signature": sign(body, EVENTS_SECRET),
    },
  });
};

describe("unsigned calls from the address of the proxy", () => {
  it("do not keep signed calls from being accepted, however many there are", async () => {
    const { address } = await open({ WEBHOOK_ADDRESS_BURST: "30", WEBHOOK_ADDRESS_PER_SECOND: "1" });
    for (let n = 0; n < 60; n++)
      await callWebhook(address, "x", { headers: { "X-Scicent-Signature": n % 2 ? FORGED : null } });
    for (let n = 0; n < 5; n++)
      expect((await callWebhook(address, saleBody({ transaction_id: `"t_${n}"` }))).status).toBe(202);
  });

  it("do not use up the limit of signed ones by ending before their signature is checked", async () => {
    const { world, address } = await open({ WEBHOOK_ADDRESS_BURST: "5", WEBHOOK_ADDRESS_PER_SECOND: "1" });
    const head = requestHead("POST", SALE_PATH, { "X-Scicent-Signature": FORGED, "Content-Length": 60_000 });
    const chunked = requestHead("POST", SALE_PATH, {
      "X-Scicent-Signature": FORGED,
      "Transfer-Encoding": "chunked",
    });
    for (let n = 0; n < 10; n++) {
      const { write, socket } = await raw(world, address);
      write(`${head}{`);
      socket.resetAndDestroy();
      // Still arriving, and too large.
      (await raw(world, address)).write(`${head}{`);
      const large = await raw(world, address);
      large.write(`${chunked}10001\r\n${"x".repeat(65_537)}`);
      await eventually(() => expect(large.received.text).toMatch(/^HTTP\/1\.1 413 /));
    }
    for (let n = 0; n < 5; n++)
      expect((await callWebhook(address, saleBody({ transaction_id: `"t_${n}"` }))).status).toBe(202);
    expect((await callWebhook(address, saleBody())).status).toBe(429);
  });

  it("to one webhook do not count for another", async () => {
    const { address } = await open({ WEBHOOK_ADDRESS_BURST: "3", WEBHOOK_ADDRESS_PER_SECOND: "1" });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await callWebhook(address, saleBody())).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await postEvent(address, "a")).status).toBe(202);
  });

  it("are warned about when the configuration knows no proxy", async () => {
    const { world } = await open();
    const lines: string[] = [];
    const log = Object.assign(Object.create(world.log), {
      warn: (_fields: unknown, message: string) => lines.push(message),
    });
    const address = await serve(world, { log });
    const forwarded = { headers: { "X-Forwarded-For": "203.0.113.7" } };
    for (let n = 0; n < 3; n++) await callWebhook(address, saleBody(), forwarded);
    expect(lines).toEqual([expect.stringMatching(/TRUST_PROXY/)]);
    const behind = await open({ TRUST_PROXY: "1" });
    const quiet: string[] = [];
    const knowing = await serve(behind.world, {
      log: Object.assign(Object.create(behind.world.log), {
        warn: (_: unknown, text: string) => quiet.push(text),
      }),
    });
    await callWebhook(knowing, saleBody(), forwarded);
    expect(quiet).toEqual([]);
  });
});

describe("a body", () => {
  it.each([
    ["/webhooks/scicent_sale", {}],
    ["/webhooks/scicent_sale", { "X-Scicent-Signature": "sha256=short" }],
    ["/webhooks/domain_events", { "X-Scicent-Signature": FORGED }],
    ["/webhooks/resend", { "svix-id": "m", "svix-timestamp": "1", "svix-signature": "v1,AAAA" }],
  ])("without a signature that could be one is not waited for: %s %j", async (path, headers) => {
    const { world, address } = await open({
      RESEND_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
    });
    const { received, write } = await raw(world, address);
    write(requestHead("POST", path, { ...headers, "Content-Length": 60_000 }));
    await eventually(() => expect(received.text).toMatch(/^HTTP\/1\.1 401 /));
  });

  it("that is slow is given up when memory is short, and keeps out none that arrives at once", async () => {
    const { world, address } = await open({ TRUST_PROXY: "1" });
    const hold = async (from: string) => {
      const connection = await raw(world, address);
      connection.write(
        requestHead("POST", EVENTS_PATH, {
          "X-Forwarded-For": from,
          "X-Commonwork-Signature": FORGED,
          "Content-Length": MAX_EVENTS_BODY,
        }),
      );
      connection.write("x".repeat(MAX_EVENTS_BODY - 1));
      return connection;
    };
    const held: RawConnection[] = [];
    const refused = (status: number) => held.filter(({ received }) => received.text.includes(` ${status} `));
    // The bodies of an address fill its half of the memory: its oldest ones make room.
    for (let n = 0; n < 34; n++) held.push(await hold("203.0.113.1"));
    await eventually(() => expect(refused(429).length).toBeGreaterThan(2));
    expect((await postEvent(address, "a", "203.0.113.1")).status).toBe(202);
    // With those of another the memory is full: the oldest of the address that holds most make room.
    for (let n = 0; n < 33; n++) held.push(await hold("203.0.113.2"));
    for (let n = 0; n < 3; n++) held.push(await hold("203.0.113.3"));
    await eventually(() => expect(refused(503).length).toBeGreaterThan(0));
    expect(refused(503)[0]?.received.text).toMatch(/Retry-After: 1/i);
    expect((await postEvent(address, "b", "203.0.113.4")).status).toBe(202);
    expect(await limited(world)).toBe(refused(429).length + refused(503).length);
  });

  it("that announces a large size but does not arrive takes no memory from signed calls", async () => {
    const { world, address } = await open();
    for (let n = 0; n < 300; n++) {
      const { write } = await raw(world, address);
      write(requestHead("POST", SALE_PATH, { "X-Scicent-Signature": FORGED, "Content-Length": 65_536 }));
      write("{");
    }
    expect((await callWebhook(address, saleBody())).status).toBe(202);
  });

  it("that arrives too slowly is given up", async () => {
    const { world, address } = await open({}, { requestLimitMs: 300 });
    const { received, write } = await raw(world, address);
    write(requestHead("POST", SALE_PATH, { "X-Scicent-Signature": FORGED, "Content-Length": 60_000 }));
    write("{");
    await eventually(() =>
      expect(received).toMatchObject({ ended: true, text: expect.stringMatching(/ 408 /) }),
    );
  });
});

it("connections beyond the greatest number are closed at once", async () => {
  const { world, address } = await open({}, { maxConnections: 3 });
  const all: RawConnection[] = [];
  for (let n = 0; n < 5; n++) all.push(await raw(world, address));
  await eventually(() => expect(all.filter(({ received }) => received.ended)).toHaveLength(2));
});

describe("the memory for bodies", () => {
  const scene = () => {
    const memory = createBodyMemory(10, 6);
    const gone: string[] = [];
    const opened = (name: string, address = name) =>
      memory.open(address, (shortage) => gone.push(`${name} ${shortage}`));
    return { gone, opened };
  };

  it("is taken back from the oldest body of the address that is at its limit", () => {
    const { gone, opened } = scene();
    const bodies = ["1", "2", "3"].map((name) => opened(name, "a"));
    expect(bodies.map((body) => body.grow(3))).toEqual([true, true, true]);
    expect(gone).toEqual(["1 address"]);
    expect(bodies[0]?.grow(1)).toBe(false);
    expect(opened("4", "b").grow(4)).toBe(true);
    expect(gone).toHaveLength(1);
  });

  it("is taken back from the address that holds most", () => {
    const { gone, opened } = scene();
    expect([opened("1").grow(3), opened("2").grow(5), opened("3").grow(2)]).toEqual([true, true, true]);
    expect(opened("4").grow(1)).toBe(true);
    expect(gone).toEqual(["2 all"]);
  });

  it("is kept by a body that has arrived, until it is released", () => {
    const { gone, opened } = scene();
    const [first, second] = [opened("1"), opened("2")];
    expect([first.grow(6), second.grow(4)]).toEqual([true, true]);
    for (const body of [first, second]) body.complete();
    expect(opened("3").grow(1)).toBe(false);
    expect(gone).toEqual(["3 all"]);
    for (let times = 0; times < 2; times++) first.release();
    const third = opened("4");
    expect(third.grow(6)).toBe(true);
    third.complete();
    expect(opened("5").grow(1)).toBe(false);
  });

  it("of a body that never arrived in full is free once it is released", () => {
    const { opened } = scene();
    for (let n = 0; n < 20; n++) {
      const body = opened("a");
      expect(body.grow(6)).toBe(true);
      body.release();
    }
  });
});

describe("every answer", () => {
  it("tells browsers not to guess its type", async () => {
    const { address } = await open();
    for (const path of [
      "/health/live",
      "/health/ready",
      "/metrics",
      "/nothing",
      "/api/v1/ledger/me",
      SALE_PATH,
    ]) {
      const answer = await fetch(`${address}${path}`);
      expect([path, answer.headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    }
  });
});

describe("/metrics", () => {
  it("needs its token, if one is set", async () => {
    const token = "a token of at least 24 bytes";
    const { address } = await open({ METRICS_TOKEN: token });
    const status = async (authorization?: string) =>
      (await fetch(`${address}/metrics`, { headers: authorization ? { Authorization: authorization } : {} }))
        .status;
    expect(await status()).toBe(401);
    expect(await status("Bearer another")).toBe(401);
    expect(await status(`Bearer ${token}`)).toBe(200);
  });

  it("is read once for many scrapes", async () => {
    const { world } = await open();
    let reads = 0;
    const address = await serve(
      world,
      {
        producers: {
          ...world.producers,
          ready: () => {
            reads += 1;
            return world.producers.ready();
          },
        },
      },
      { metricsCacheMs: 600_000 },
    );
    for (let n = 0; n < 5; n++) expect((await fetch(`${address}/metrics`)).status).toBe(200);
    expect(reads).toBe(1);
  });
});
