import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import type { Line } from "../../src/doctor/finding.ts";
import { lookAtVersion } from "../../src/doctor/process-checks.ts";
import { secretsIn, withoutSecrets } from "../../src/doctor/secrets.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { faultsIn, faultsOf, line, soundWorld } from "../support/doctor.ts";
import { eventually } from "../support/eventually.ts";
import { hostPlatform, installMappings, MAPPINGS } from "../support/host-platform.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { outsideServer } from "../support/outside.ts";
import { ownRedis } from "../support/own-redis.ts";
import { startPooler } from "../support/pooler.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { fakeSmtp } from "../support/smtp.ts";
import { createWorld } from "../support/world.ts";

/**
 * A proxy that passes so many bytes of a server on, over all connections, and then nothing.
 *
 * @returns its port.
 */
async function silentAfter(bytes: number, port: number): Promise<number> {
  let passed = 0;
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.pipe(server);
    server.on("data", (chunk) => {
      passed += chunk.length;
      if (passed < bytes) client.write(chunk);
    });
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return (proxy.address() as AddressInfo).port;
}

const SENDER = { EMAIL_FROM: "Commonwork <news@mail.example.org>", PUBLIC_URL: "https://example.org" };

describe("commonwork doctor on a sound set-up", () => {
  it("finds nothing wrong, checks everything, and ends with exit code 0", async () => {
    const environment = environmentOf(await soundWorld());
    const { code, out, err } = await cli(environment, "doctor", "--json");
    const report = JSON.parse(out) as { ok: boolean; checks: Line[] };
    expect(faultsIn(report.checks)).toEqual([]);
    expect(report.checks.filter(({ status }) => status === "skipped")).toEqual([]);
    expect({ code, err, ok: report.ok }).toEqual({ code: 0, err: "", ok: true });
    expect(report.checks.map(({ check }) => check)).toEqual([
      "Version",
      "Configuration",
      "Folder for e-mails",
      "Folder of media",
      "Postgres",
      "Pooler",
      "Clock",
      "Connections",
      "Schema",
      "Role and grants",
      "Writes",
      "Schema objects",
      "Triggers",
      "Disk and tables",
      "Snapshots and slots",
      "Retention",
      "Growth",
      "Schedules",
      "Mirrors",
      "Redis",
      "Redis: version, eviction, writes",
      "Redis: persistence",
      "Redis: memory",
      "E-mail",
      "Tracing",
    ]);
    const text = (await cli(environment, "doctor")).out;
    expect(text).toMatch(
      new RegExp(`^ok {7}Postgres {2,}Postgres \\d+.*, role \\S+, schema ${inject("databaseSchema")}$`, "m"),
    );
    expect(text).toMatch(/^Problems: 0\. Warnings: 0\.$/m);
  });

  it("finds nothing wrong with the roles that `migrate --print-roles` makes, before any process has run", async () => {
    const world = await createWorld();
    const database = await scratchDatabase();
    const { app } = await deployWithRoles(database);
    const environment = {
      ...environmentOf(world),
      DATABASE_URL: app.databaseUrl,
      DB_SCHEMA: app.databaseSchema,
    };
    const installing = await createWorld({ database: { ...app, databaseUrl: database.url } });
    await hostPlatform(installing);
    await installMappings(installing);
    const lines = await examine({ environment });
    expect(faultsIn(lines)).toEqual([]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        check: "Schedules",
        found: "no process with the role scheduler has run yet",
      }),
    );
  });

  it("changes nothing", async () => {
    const world = await soundWorld();
    const count = () =>
      world.query(
        "select (select count(*) from outbox) as entries, (select count(*) from schedules) as schedules",
      );
    const before = await count();
    await examine({ environment: environmentOf(world) });
    expect(await count()).toEqual(before);
  });
});

describe("commonwork doctor finds", () => {
  it("1: errors in the configuration, and checks the servers anyway", async () => {
    const environment = {
      ...environmentOf(await soundWorld()),
      SMTP_URL: "smtp://127.0.0.1:1?tls=off",
      ROLES: "worker,boss",
    };
    const lines = await examine({ environment });
    expect(faultsIn(lines)).toEqual(
      expect.arrayContaining([
        line("Configuration", /^ROLES must be a list of/),
        line("Configuration", /^EMAIL_FROM is required with Resend or SMTP/),
      ]),
    );
    expect(lines).toContainEqual(expect.objectContaining({ check: "Postgres", status: "ok" }));
    expect(lines).toContainEqual(expect.objectContaining({ check: "Redis: memory", status: "ok" }));
  });

  it("2: a Postgres that does not answer, and skips what depends on it", async () => {
    const environment = {
      ...environmentOf(await soundWorld()),
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    };
    const lines = await examine({ environment });
    expect(faultsIn(lines)).toEqual([
      line("Postgres", "Postgres does not answer at 127.0.0.1:1 (ECONNREFUSED)."),
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        check: "Schedules",
        status: "skipped",
        found: "not looked at: see Postgres",
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ check: "Redis", status: "ok" }));
  });

  it("3: a database that the address does not name", async () => {
    const world = await soundWorld();
    const url = new URL(world.config.databaseUrl);
    url.pathname = "/no_such_database";
    expect(await faultsOf({ ...environmentOf(world), DATABASE_URL: url.href })).toEqual([
      line("Postgres", 'Postgres rejects the login (3D000): database "no_such_database" does not exist.'),
    ]);
  });

  it("4: a schema that is not migrated, and one that a newer version has migrated", async () => {
    const world = await soundWorld();
    await world.query("insert into migrations (name) values ('9999_later')");
    expect(await faultsOf(environmentOf(world))).toEqual([
      line("Schema", "The schema has a migration that this version does not know: 9999_later.", "warning"),
    ]);
    const removed = await world.query<{ name: string }>(
      "delete from migrations where name > '0003' returning name",
    );
    const lines = await examine({ environment: environmentOf(world) });
    expect(faultsIn(lines)).toEqual([
      line("Schema", /^The schema lacks \d+ migrations, from 0003_\w+ on\.$/),
    ]);
    expect(faultsIn(lines)[0]?.action).toBe("Run `commonwork migrate`.");
    expect(lines).toContainEqual(expect.objectContaining({ check: "Triggers", status: "skipped" }));
    // Another test may get the same database.
    const names = removed.map(({ name }) => name).filter((name) => name !== "9999_later");
    await world.query("insert into migrations (name) select unnest($1::text[])", [names]);
  });

  it("5: a role that lacks grants", async () => {
    const database = await scratchDatabase();
    const { app } = await deployWithRoles(database);
    const environment = {
      ...environmentOf(await createWorld()),
      DATABASE_URL: app.databaseUrl,
      DB_SCHEMA: app.databaseSchema,
    };
    const name = new URL(app.databaseUrl).username;
    await database.query(`revoke insert, delete on ${app.databaseSchema}.outbox from ${name}`);
    await database.query(`revoke usage on all sequences in schema ${app.databaseSchema} from ${name}`);
    const [fault] = await faultsOf(environment);
    expect(fault).toEqual(
      line(
        "Role and grants",
        /^The role \w+ lacks rights: delete on outbox, insert on outbox, usage on \w+ and \d+ more\.$/,
      ),
    );
    expect(fault?.action).toContain("migrate --print-roles");
  });

  it("6: a pooler in transaction mode", async () => {
    const world = await soundWorld();
    const pooler = await startPooler(world.config.databaseUrl, "transaction");
    const faults = await faultsOf({ ...environmentOf(world), DATABASE_URL: pooler.url });
    expect(faults).toEqual([
      {
        ...line("Postgres", /^DATABASE_URL leads to a pooler in transaction mode/),
        check: expect.stringMatching(/Postgres|Pooler/),
      },
    ]);
    expect(faults[0]?.action).toContain("Use the address of Postgres itself");
  });

  it("7: a clock that is wrong", async () => {
    const environment = environmentOf(await soundWorld());
    const machine = { now: () => new Date(Date.now() - 60_000) };
    expect(faultsIn(await examine({ environment, machine }))).toEqual([
      line("Clock", /^The clock of this machine is (59|60)\.\d s behind Postgres's\.$/),
    ]);
  });

  it("8: a Redis that does not answer, or rejects the login", async () => {
    const environment = environmentOf(await soundWorld());
    expect(await faultsOf({ ...environment, REDIS_URL: "redis://127.0.0.1:1" })).toEqual([
      line("Redis", "Redis does not answer (ECONNREFUSED)."),
    ]);
    const redis = await ownRedis();
    await redis.command("config", "set", "requirepass", "hidden");
    expect(await faultsOf({ ...environment, REDIS_URL: redis.url })).toEqual([
      line("Redis", "Redis rejects the login (NOAUTH)."),
    ]);
    const wrong = redis.url.replace("redis://", "redis://:guess@");
    expect(await faultsOf({ ...environment, REDIS_URL: wrong })).toEqual([
      line("Redis", "Redis rejects the login (WRONGPASS)."),
    ]);
  });

  it("9: a Redis that evicts keys, and one that is nearly full", async () => {
    const redis = await ownRedis();
    const environment = { ...environmentOf(await soundWorld()), REDIS_URL: redis.url };
    await redis.command("config", "set", "maxmemory-policy", "allkeys-lru");
    const [fault] = await faultsOf(environment);
    expect(fault).toEqual(
      line("Redis: version, eviction, writes", "Redis evicts keys (maxmemory-policy allkeys-lru)."),
    );
    expect(fault?.action).toMatch(/^Set maxmemory-policy noeviction/);
    await redis.command("config", "set", "maxmemory-policy", "noeviction");
    await redis.command("config", "set", "maxmemory", 100_000);
    expect(await faultsOf(environment)).toEqual(
      expect.arrayContaining([line("Redis: memory", /^Redis uses \d+ MiB of 0 MiB\.$/, "warning")]),
    );
  });

  it("10: a Redis that cannot save its data", async () => {
    const redis = await ownRedis();
    const environment = { ...environmentOf(await soundWorld()), REDIS_URL: redis.url };
    const [, folder] = (await redis.command("config", "get", "dir")) as string[];
    const [, file] = (await redis.command("config", "get", "dbfilename")) as string[];
    // A snapshot cannot replace a folder.
    await mkdir(join(String(folder), String(file)));
    await redis.command("bgsave");
    await eventually(async () =>
      expect(await redis.command("info", "persistence")).toContain("rdb_last_bgsave_status:err"),
    );
    expect(await faultsOf(environment)).toContainEqual(
      line("Redis: persistence", "Redis failed to save its snapshot."),
    );
  });

  it("11: schedules whose slots no scheduler opens, wait for their last run, are new, or were forgotten", async () => {
    const world = await soundWorld();
    await world.query(
      "update schedules set through = now() - interval '3 hours' where name in ('affinity', 'trending')",
    );
    expect(await faultsOf(environmentOf(world))).toEqual([
      line("Schedules", /^2 of \d+ schedules have missed a slot: trending \(.*Z\), affinity \(.*Z\)\.$/),
    ]);
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, status, input) values ('trending', 'schedule', 'trending', now() - interval '3 hours', 'running', '{}')`,
    );
    await world.query("update schedules set paused_at = now() - interval '25 hours' where name = 'affinity'");
    await world.query("delete from schedules where name = 'verify-ledger'");
    expect(await faultsOf(environmentOf(world))).toEqual([
      line("Schedules", /^Schedules wait for the end of their last run: trending/, "warning"),
      line("Schedules", "No scheduler has opened these schedules yet: verify-ledger.", "warning"),
      line("Schedules", "Schedules have been paused for more than a day: affinity.", "warning"),
    ]);
  });

  it("12: a mirror without its triggers, and one that is stopped", async () => {
    const world = await soundWorld();
    await hostPlatform(world);
    await installMappings(world, { organizations: MAPPINGS["organizations"] ?? "" });
    expect(await faultsOf(environmentOf(world))).toEqual([]);
    await world.query(`drop trigger "${inject("databaseSchema")}_organizations_upd" on app.companies`);
    const lost = line(
      "Mirrors",
      "The mirror organizations misses changes: app.companies lacks triggers, or they are disabled.",
    );
    expect(await faultsOf(environmentOf(world))).toEqual([lost]);
    await world.query("alter table app.companies disable trigger all");
    await world.query("update mirrors set stopped_at = now(), stopped_because = 'too many rows are gone'");
    expect(await faultsOf(environmentOf(world))).toEqual([
      lost,
      line("Mirrors", "The mirror organizations is stopped: too many rows are gone."),
    ]);
  });

  it("13: a trigger of ours that is disabled", async () => {
    const world = await soundWorld();
    await world.query("alter table ledger_entries disable trigger ledger_entries_checked");
    const [fault] = await faultsOf(environmentOf(world));
    expect(fault).toEqual(
      line("Triggers", "The trigger ledger_entries_checked on ledger_entries is disabled."),
    );
    expect(fault?.action).toContain("alter table ledger_entries enable trigger ledger_entries_checked");
  });

  it("14: a mail server that rejects the login, or is not there", async () => {
    const smtp = await fakeSmtp({ answers: { AUTH: "535 5.7.8 no: news@mail.example.org" } });
    onTestFinished(() => smtp.close());
    const environment = { ...environmentOf(await soundWorld()), ...SENDER };
    const url = smtp.url.replace("smtp://", "smtp://news:pass-of-smtp@");
    expect(await faultsOf({ ...environment, SMTP_URL: `${url}?tls=off` })).toEqual([
      line("E-mail", "The mail provider rejects the login (535)."),
    ]);
    expect(smtp.messages).toEqual([]);
    smtp.answers = {};
    expect(await faultsOf({ ...environment, SMTP_URL: `${url}?tls=off` })).toEqual([]);
    expect(await faultsOf({ ...environment, SMTP_URL: "smtp://127.0.0.1:1?tls=off" })).toEqual([
      line("E-mail", "The mail provider does not answer (ECONNREFUSED)."),
    ]);
  });

  it("a collector of traces that is not there, or refuses the token", async () => {
    const collector = await outsideServer((_body, response, request) => {
      const isKnown = request.url === "/v1/traces" && request.headers["authorization"] === "Bearer right";
      response.writeHead(isKnown ? 200 : 401).end("{}");
    });
    onTestFinished(() => collector.close());
    const environment = environmentOf(await soundWorld());
    const tracedTo = (url: string, token: string) => ({
      ...environment,
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
    });
    expect(await faultsOf(tracedTo(collector.url, "right"))).toEqual([]);
    expect(collector.bodies).toEqual(['{"resourceSpans":[]}']);
    expect(await faultsOf(tracedTo(collector.url, "wrong"))).toEqual([
      line("Tracing", "The collector of OTEL_EXPORTER_OTLP_ENDPOINT answers 401.", "warning"),
    ]);
    expect(await faultsOf(tracedTo("http://127.0.0.1:1", "right"))).toEqual([
      line("Tracing", "The collector of OTEL_EXPORTER_OTLP_ENDPOINT does not answer.", "warning"),
    ]);
  });

  it("15: a key of Resend that is wrong, and a sender whose domain is not verified", async () => {
    let answer: { status: number; body: unknown } = {
      status: 401,
      body: { statusCode: 401, name: "validation_error", message: "API key is invalid" },
    };
    const resend = await outsideServer((_body, response) => {
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer.body));
    });
    onTestFinished(() => resend.close());
    const environment = {
      ...environmentOf(await soundWorld()),
      ...SENDER,
      RESEND_API_KEY: "re_key",
      RESEND_BASE_URL: resend.url,
    };
    expect(await faultsOf(environment)).toEqual([
      line("E-mail", "The mail provider rejects the login (401)."),
    ]);
    const domains = (status: string) => ({ status: 200, body: { data: [{ name: "example.org", status }] } });
    answer = domains("pending");
    expect(await faultsOf(environment)).toEqual([
      line("E-mail", "The domain of EMAIL_FROM is not verified at the mail provider."),
    ]);
    answer = domains("verified");
    expect(await faultsOf(environment)).toEqual([]);
    // A key that may only send cannot list domains.
    answer = { status: 401, body: { statusCode: 401, name: "restricted_api_key", message: "only send" } };
    expect(await faultsOf(environment)).toEqual([]);
  });

  it("17: a folder for e-mails that cannot be written", async () => {
    const environment = { ...environmentOf(await soundWorld()), EMAIL_FOLDER: "package.json/emails" };
    expect(await faultsOf(environment)).toEqual([
      line(
        "Folder for e-mails",
        /^EMAIL_FOLDER \(.*package\.json\/emails\) cannot be written \(ENOTDIR\)\.$/,
      ),
    ]);
  });

  it("18: a Node that is too old", () => {
    expect(lookAtVersion("20.18.3")).toMatchObject({ status: "problem", found: "Node 20.18.3 is too old." });
    expect(lookAtVersion("18.20.0").status).toBe("problem");
    expect(lookAtVersion("20.19.0").status).toBe("ok");
    expect(lookAtVersion("24.0.0").status).toBe("ok");
  });
});

describe("commonwork doctor", () => {
  it("ends with exit code 1 on a problem, and 0 on warnings alone", async () => {
    const world = await soundWorld();
    await world.query("alter table outbox set (autovacuum_enabled = false)");
    expect(await cli(environmentOf(world), "doctor")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Problems: 0. Warnings: 1."),
    });
    const broken = await cli({ ...environmentOf(world), REDIS_URL: "redis://127.0.0.1:1" }, "doctor");
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining("Problems: 1. Warnings: 1.") });
    expect(broken.out).toMatch(
      /^PROBLEM {2}Redis +Redis does not answer \(ECONNREFUSED\)\.\n +Check REDIS_URL/m,
    );
  });

  it("gives up on a server that never answers, and checks the rest", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const environment = {
      ...environmentOf(await soundWorld()),
      ...SENDER,
      DATABASE_URL: `postgres://a@127.0.0.1:${port}/b`,
      SMTP_URL: `smtp://127.0.0.1:${port}?tls=off`,
    };
    const lines = await examine({ environment, limitMs: 200 });
    expect(faultsIn(lines)).toEqual([
      line("Postgres", "There was no answer in time."),
      line("E-mail", /^(There was no answer in time\.|The mail provider does not answer \(ETIMEDOUT\)\.)$/),
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ check: "Redis: memory", status: "ok" }));
  });

  it.each([500, 3_000, 9_000])(
    "says what does not answer when Postgres falls silent after %i bytes, and does not end with an exception",
    async (bytes) => {
      const world = await soundWorld();
      const target = new URL(world.config.databaseUrl);
      target.port = String(await silentAfter(bytes, Number(target.port)));
      const environment = { ...environmentOf(world), DATABASE_URL: target.href };
      const lines = await examine({ environment });
      const faults = faultsIn(lines);
      expect(faults.length).toBeGreaterThan(0);
      for (const fault of faults)
        expect(fault).toEqual(
          line(
            fault.check,
            /^(Postgres does not answer \((08006|ETIMEDOUT)\)|There was no answer in time)\.$/,
          ),
        );
      expect(lines).toContainEqual(expect.objectContaining({ check: "Mirrors", status: "skipped" }));
      expect(lines).toContainEqual(expect.objectContaining({ check: "Redis: memory", status: "ok" }));
    },
  );

  it("names a locked table as a possible reason, and a paused Redis", async () => {
    const world = await soundWorld();
    const redis = await ownRedis();
    await redis.command("client", "pause", 600_000, "all");
    const lock = await openTransaction(world);
    await lock.query("lock table schedules in access exclusive mode");
    const faults = await faultsOf({ ...environmentOf(world), REDIS_URL: redis.url });
    expect(faults).toContainEqual(line("Schedules", "A statement took too long (57014)."));
    expect(faults.find(({ check }) => check === "Schedules")?.action).toContain("pg_blocking_pids");
    expect(faults).toContainEqual(line("Redis", "Redis does not answer."));
  });

  it("names what a role without any right needs, and a schema that is not there", async () => {
    const database = await scratchDatabase();
    const { app } = await deployWithRoles(database);
    const role = await database.createRole();
    const environment = {
      ...environmentOf(await createWorld()),
      DATABASE_URL: role.url,
      DB_SCHEMA: app.databaseSchema,
    };
    const [fault, ...others] = await faultsOf(environment);
    expect(others).toEqual([]);
    expect(fault).toEqual(
      line("Postgres", `The role ${role.name} may not use the schema ${app.databaseSchema}.`),
    );
    expect(fault?.action).toBe(`Run: grant usage on schema ${app.databaseSchema} to ${role.name}`);
    expect(await faultsOf({ ...environment, DATABASE_URL: app.databaseUrl, DB_SCHEMA: "nowhere" })).toEqual([
      line("Postgres", /has no schema nowhere\.$/),
    ]);
  });

  it("prints no secrets, even if an error or a stored text contains them", async () => {
    const world = await soundWorld();
    await hostPlatform(world);
    await installMappings(world, { organizations: MAPPINGS["organizations"] ?? "" });
    await world.query(
      "update mirrors set stopped_at = now(), stopped_because = 'login with swordfish-1 failed'",
    );
    const environment = {
      ...environmentOf(world),
      ADMIN_PASSWORD: "swordfish-1",
      SCICENT_WEBHOOK_SECRET: "swordfish-2",
      REDIS_URL: "redis://user:swordfish-3@127.0.0.1:1",
      SMTP_URL: "smtp://user:swordfish%2D4@127.0.0.1:1",
      ...SENDER,
    };
    for (const words of [["doctor"], ["doctor", "--json"]]) {
      const { out, err } = await cli(environment, ...words);
      expect(out + err).toContain("login with *** failed");
      expect(out + err).not.toContain("swordfish");
    }
  });

  it("does not redact words that merely contain a short password", () => {
    const secrets = secretsIn({ DATABASE_URL: "postgres://ada:ma@db/x", ADMIN_PASSWORD: "long enough" });
    expect(withoutSecrets("many of ma, and long enoughs", secrets)).toBe("many of ***, and ***s");
  });

  it("removes control characters of foreign text", async () => {
    const world = await soundWorld();
    await hostPlatform(world);
    await installMappings(world, { organizations: MAPPINGS["organizations"] ?? "" });
    await world.query(
      "update mirrors set stopped_at = now(), stopped_because = E'red \\x1b[31m\\nok   forged'",
    );
    const { out } = await cli(environmentOf(world), "doctor");
    expect(out).toContain("is stopped: red \ufffd[31m\ufffdok   forged.");
  });
});
