import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  emit,
  enqueue,
  forwardOutbox,
  type OutboxRow,
  type Queryable,
  signRequest,
} from "../../src/client/index.ts";
import { serve, sign } from "../http/support.ts";
import { filesIn, read, root } from "../support/pages.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

/** The modules that files import when they run, without what is imported as a type. */
const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?"([^"]+)";/gms)].map(
    ([, name]) => name as string,
  );

describe("commonwork/client", () => {
  it("is an export of the package", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(exports["./client"]).toEqual({
      types: "./dist/client/index.d.ts",
      default: "./dist/client/index.js",
    });
    expect(existsSync(join(root, "src/client/index.ts"))).toBe(true);
  });

  it("imports nothing when it runs but itself and node:crypto", () => {
    const files = filesIn("src/client", ".ts");
    expect(files.length).toBeGreaterThan(4);
    const outside = files.flatMap((file) =>
      importsOf(file).filter((name) => !files.includes(normalize(join(dirname(file), name)))),
    );
    expect(outside).toEqual(["node:crypto"]);
  });

  it("is typed from the schemas of events and jobs", () => {
    const tx: Queryable = { query: async () => undefined };
    expectTypeOf(emit<"document_uploaded">).toBeCallableWith(tx, { type: "document_uploaded", resource: 1 });
    expectTypeOf(emit<"invite_accepted">).toBeCallableWith(tx, {
      type: "invite_accepted",
      payload: { org_id: "o" },
    });
    // @ts-expect-error: the payload is missing.
    void (() => emit(tx, { type: "invite_accepted" }));
    const wrong = { affected_user_id: 1, new_permission: "own" } as const;
    // @ts-expect-error: not a permission.
    void (() => emit(tx, { type: "project_access_granted", payload: wrong }));
    // @ts-expect-error: no host may request it.
    void (() => enqueue(tx, "release-commission", {}));
    // @ts-expect-error: not a field of the payload.
    void (() => enqueue(tx, "calculate-matches", { project: 1 }));
  });
});

describe("signRequest", () => {
  it("signs the bytes as the webhooks expect it", () => {
    expect(signRequest("{}", "secret")).toEqual({
      "content-type": "application/json",
      "x-commonwork-signature": sign("{}", "secret"),
    });
    expect(signRequest(Buffer.from("é"), "secret")["x-commonwork-signature"]).toBe(
      sign(Buffer.from("é"), "secret"),
    );
  });
});

describe("forwardOutbox", () => {
  const SECRET = "the long secret of the host";

  /** An outbox in memory. */
  const outboxOf = (rows: OutboxRow[]) => {
    const rejected: [unknown, string][] = [];
    return {
      rows,
      rejected,
      read: async (limit: number) => rows.slice(0, limit),
      settle: async (ids: readonly unknown[]) => {
        for (const id of ids)
          rows.splice(
            rows.findIndex((row) => row.id === id),
            1,
          );
      },
      reject: async (id: unknown, reason: string) => {
        rejected.push([id, reason]);
        rows.splice(
          rows.findIndex((row) => row.id === id),
          1,
        );
      },
    };
  };

  it("sends everything, settles what was recorded and names what was rejected", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const user = await platform.user(world);
    const rows: OutboxRow[] = Array.from({ length: 230 }, (_, n) => ({
      id: BigInt(n + 1),
      event_type: n === 120 ? "commission.earned" : "cv.updated",
      payload: { user_id: user },
    }));
    const outbox = outboxOf(rows);
    expect(await forwardOutbox({ url, secret: SECRET, ...outbox })).toEqual({ recorded: 229, rejected: 1 });
    expect(outbox.rejected).toEqual([[121n, expect.stringContaining("event_type")]]);
    expect(outbox.rows).toEqual([]);
    expect(await world.query("select count(*)::int as n from domain_events")).toEqual([{ n: 229 }]);
    expect(await world.query("select count(*)::int as n from event_receipts")).toEqual([{ n: 229 }]);
  });

  it("leaves rows where they are when the service refuses the call", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const outbox = outboxOf([{ id: 1, event_type: "cv.updated", payload: { user_id: 1 } }]);
    await expect(forwardOutbox({ url, secret: "another", ...outbox })).rejects.toThrow(
      "the service answered 401",
    );
    expect(outbox.rows).toHaveLength(1);
  });
});
