import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../src/db/transaction.ts";
import { createLog, warnThrottled } from "../src/log.ts";
import { createWorld } from "./support/world.ts";

function recordingLog() {
  const lines: string[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, text: () => lines.join("") };
}

describe("a log line", () => {
  it("contains ids and figures unchanged", () => {
    const { log, text } = recordingLog();
    log.info({ job: "distribute-commission", entry: "17", counts: { paid: 1 } }, "carrier settled");
    expect(JSON.parse(text())).toMatchObject({
      level: "info",
      job: "distribute-commission",
      entry: "17",
      msg: "carrier settled",
    });
  });

  it("is readable as text, whatever its destination", () => {
    const lines: string[] = [];
    const log = createLog({
      level: "debug",
      format: "text",
      destination: { write: (line) => void lines.push(line) },
    });
    log.warn({ entry: "17", err: new Error("spilt") }, "work failed");
    expect(lines.join("")).toMatch(/WARN.*work failed.*"entry":"17"[\s\S]*spilt/);
  });

  it("is one line in text, with the date and the roles", () => {
    const lines: string[] = [];
    const log = createLog({
      level: "debug",
      format: "text",
      roles: ["api", "worker"],
      destination: { write: (line) => void lines.push(line) },
    });
    log.info({ job: "distribute-commission", entries: 3, counts: { paid: 1 } }, "carrier settled");
    expect(lines.join("")).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: \[api,worker\] carrier settled .*"job":"distribute-commission".*"paid":1.*\n$/,
    );
  });

  it("never contains secrets, bodies, addresses or names, at any depth", () => {
    const { log, text } = recordingLog();
    const secret = {
      password: "S3CRET",
      token: "S3CRET",
      email: "S3CRET",
      to: "S3CRET",
      name: "S3CRET",
      payload: { a: "S3CRET" },
    };
    log.info(
      {
        ...secret,
        headers: { authorization: "S3CRET", cookie: "S3CRET" },
        deep: { er: secret, list: [secret] },
      },
      "x",
    );
    log.child(secret).info("y");
    expect(text()).not.toContain("S3CRET");
    expect(text()).toContain("[redacted]");
  });

  it("never contains the values of a failed statement, however the error is wrapped", async () => {
    const world = await createWorld();
    const { log, text } = recordingLog();
    const failures = [
      sql`insert into users (id, name) values (${"1"}, ${"S3CRET"}), (${"1"}, ${"S3CRET"})`,
      sql`select ${"S3CRET"}::bigint`,
      sql`select * from ${sql.identifier("nowhere")} where x = ${"S3CRET"}`,
    ];
    for (const statement of failures) {
      const error = await inTransaction(world.db, (tx) => tx.execute(statement)).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(Error);
      log.warn({ err: error }, "drizzle");
      log.warn({ err: (error as Error).cause }, "the driver's own");
      log.warn({ err: new Error("wrapped", { cause: error }) }, "wrapped");
    }
    const raw = await world.query("select $1::bigint", ["S3CRET"]).catch((e: unknown) => e);
    log.warn({ err: raw }, "without drizzle");
    expect(text()).not.toContain("S3CRET");
    for (const code of ["23505", "22P02", "42P01"]) expect(text()).toContain(code);
  });
});

it("a refused connection is logged without a stack, and with its message where a name has several addresses", () => {
  const { log, text } = recordingLog();
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}:6379`), {
      code: "ECONNREFUSED",
      syscall: "connect",
    });
  const all = Object.assign(new AggregateError([refused("::1"), refused("127.0.0.1")]), {
    code: "ECONNREFUSED",
  });
  log.warn({ err: refused("10.0.0.1") }, "one address");
  log.warn({ err: all }, "two addresses");
  const errors = text()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).err);
  expect(errors).toMatchObject([
    { code: "ECONNREFUSED", message: "connect ECONNREFUSED 10.0.0.1:6379" },
    { code: "ECONNREFUSED", message: "connect ECONNREFUSED ::1:6379" },
  ]);
  expect(text()).not.toContain('"stack"');
});

describe("a throttled warning", () => {
  const open = () => {
    const { log, text } = recordingLog();
    let nowMs = 0;
    const failed = warnThrottled(log, "Redis connection failed", () => nowMs);
    const lines = () =>
      text()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .map(({ level, msg, suppressed, seconds }) => [level, msg, suppressed, seconds]);
    return { failed, lines, at: (ms: number) => (nowMs = ms) };
  };

  it("is logged at the first error, then at most once a minute, with the number of errors in between", () => {
    const { failed, lines, at } = open();
    for (const ms of [0, 100, 59_999, 60_000, 60_001]) {
      at(ms);
      failed.warn(new Error("connect ECONNREFUSED"));
    }
    expect(lines()).toEqual([
      ["warn", "Redis connection failed", 0, 0],
      ["warn", "Redis connection failed", 2, 60],
    ]);
  });

  it("is followed by one line on recovery, and by none without a logged warning", () => {
    const { failed, lines, at } = open();
    failed.recovered();
    failed.warn(new Error("no"));
    failed.warn(new Error("no"));
    at(30_000);
    failed.recovered();
    failed.recovered();
    at(31_000);
    failed.warn(new Error("no"));
    failed.recovered();
    expect(lines()).toEqual([
      ["warn", "Redis connection failed", 0, 0],
      ["info", "recovered: Redis connection failed", 1, 30],
    ]);
  });
});
