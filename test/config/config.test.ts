import { describe, expect, it } from "vitest";
import { ConfigurationFault, readConfig, VARIABLES } from "../../src/config/config.ts";
import { QUEUE_NAMES } from "../../src/config/queues.ts";

const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };

function faultsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults;
    throw error;
  }
  return [];
}

describe("the configuration", () => {
  it("needs a database and a Redis, and nothing else", () => {
    const config = readConfig(needed);
    expect(config).toMatchObject({
      port: 3000,
      roles: ["api", "worker", "scheduler"],
      workerQueues: [...QUEUE_NAMES],
    });
    expect(config.commissions).toMatchObject({ minimumMicro: 10_000n, ratesBps: [1000, 800, 600, 400, 200] });
    expect(config.tokenSales).toBeNull();
  });

  it("lists all errors in one message", () => {
    const environment = {
      REDIS_URL: "http://cache",
      DATABASE_URL: "mysql://db",
      PORT: "70000",
      ROLES: "api,cook",
      WORKER_QUEUES: "commissions,kitchen",
      LOG_LEVEL: "loud",
      LOG_FORMAT: "xml",
      DRY_RUN: "perhaps",
      DEFAULT_TIME_ZONE: "Mars/Olympus",
      VOLUNTEER_SCHEDULER_MIN_COMMISSION: "0.001",
      COMMISSION_RATES_BPS: "9000,2000",
      SHUTDOWN_GRACE_MS: "-1",
      REDIS_PREFIX: "UPPER",
    };
    const faults = faultsOf(environment);
    for (const name of Object.keys(environment))
      expect(faults.filter((fault) => fault.startsWith(`${name} `))).toHaveLength(1);
    expect(() => readConfig(environment)).toThrow(/has 13 errors:\n {2}- /);
  });

  it("lists the missing variables when nothing is set", () => {
    expect(faultsOf({})).toEqual([
      "DATABASE_URL is not set (postgres://user:password@host:5432/name), nor DB_HOST, DB_NAME and DB_USER",
      "REDIS_URL is not set (redis://host:6379)",
    ]);
  });

  it("takes the addresses of sentinels and of cluster nodes", () => {
    expect(
      readConfig({
        ...needed,
        REDIS_URL: "rediss://worker:s3cret@sales-primary/2?family=6",
        REDIS_SENTINELS: "one:26379, 10.0.0.2:26379,[fd00::3]:26380",
        REDIS_SENTINEL_PASSWORD: "other",
      }),
    ).toMatchObject({
      redisSentinels: [
        { host: "one", port: 26_379 },
        { host: "10.0.0.2", port: 26_379 },
        { host: "fd00::3", port: 26_380 },
      ],
      redisSentinelPassword: "other",
      redisClusterNodes: [],
    });
    expect(readConfig({ ...needed, REDIS_CLUSTER_NODES: "a:7000,b:7001" }).redisClusterNodes).toHaveLength(2);
  });

  it.each([
    [{ REDIS_SENTINELS: "one" }, "REDIS_SENTINELS must be addresses as host:port, separated by commas"],
    [
      { REDIS_CLUSTER_NODES: "one:70000" },
      "REDIS_CLUSTER_NODES must be addresses as host:port, separated by commas",
    ],
    [
      { REDIS_SENTINELS: "one:26379", REDIS_CLUSTER_NODES: "one:6379" },
      "REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other",
    ],
    [
      { REDIS_URL: "redis://one/3", REDIS_CLUSTER_NODES: "one:6379" },
      "REDIS_URL must not name a database: a Redis Cluster has only database 0",
    ],
    [{ REDIS_SENTINEL_PASSWORD: "x" }, "REDIS_SENTINEL_PASSWORD is set, but REDIS_SENTINELS is not"],
    [{ REDIS_URL: "redis://one/primary" }, "REDIS_URL must end with the host, or with /0 for database 0"],
    [
      { REDIS_URL: "redis://one?tls=true" },
      "REDIS_URL has an unknown option, tls: only family=0, 4 or 6 is known",
    ],
  ])("refuses an address of Redis that cannot be meant: %j", (environment, fault) => {
    expect(faultsOf({ ...needed, ...environment })).toEqual([fault]);
  });

  it("builds the database URL from the DB_ variables, with any characters in the password", () => {
    const { DATABASE_URL: _, ...rest } = needed;
    const parts = { DB_HOST: "db", DB_NAME: "common work", DB_USER: "me@home", DB_PASSWORD: "p@ss/w:rd?" };
    const url = new URL(readConfig({ ...rest, ...parts }).databaseUrl);
    expect([url.hostname, url.port, decodeURIComponent(url.pathname)]).toEqual([
      "db",
      "5432",
      "/common work",
    ]);
    expect([decodeURIComponent(url.username), decodeURIComponent(url.password)]).toEqual([
      "me@home",
      "p@ss/w:rd?",
    ]);
    expect(readConfig({ ...rest, ...parts, DB_PORT: "6543" }).databaseUrl).toContain(":6543/");
    expect(faultsOf({ ...rest, DB_HOST: "db" })).toEqual([
      "DB_NAME is not set, while other DB_ variables are",
      "DB_USER is not set, while other DB_ variables are",
    ]);
  });

  it("prefers DATABASE_URL to the DB_ variables", () => {
    expect(readConfig({ ...needed, DB_HOST: "other" }).databaseUrl).toBe(needed.DATABASE_URL);
  });

  it("treats an empty variable as unset", () => {
    const empty = Object.fromEntries(VARIABLES.map((name) => [name, ""]));
    expect(readConfig({ ...empty, ...needed })).toEqual(readConfig(needed));
  });

  it("reads lists with spaces, and levels in any case", () => {
    const config = readConfig({
      ...needed,
      ROLES: " worker , api,worker",
      WORKER_QUEUES: "multipliers",
      LOG_LEVEL: "DEBUG",
      LOG_FORMAT: "TEXT",
    });
    expect(config).toMatchObject({
      roles: ["worker", "api"],
      workerQueues: ["multipliers"],
      log: { level: "debug", format: "text" },
    });
  });

  it("reads logins of people, whose passwords may have colons", () => {
    const { operators } = readConfig({
      ...needed,
      OPERATOR_PASSWORDS: "ada:difference engine, grace-h:compile:and:link",
    }).admin;
    expect(operators).toEqual([
      { name: "ada", password: "difference engine" },
      { name: "grace-h", password: "compile:and:link" },
    ]);
  });

  it("accepts several webhook secrets, for rotation", () => {
    const [old, fresh] = ["o".repeat(24), "n".repeat(24)];
    expect(
      readConfig({ ...needed, SCICENT_WEBHOOK_SECRET: `${old}, ${fresh},` }).saleWebhook.secrets,
    ).toEqual([old, fresh]);
    expect(readConfig(needed).saleWebhook.secrets).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["AUTH_JWT_SECRET", "a", /at least 32 bytes/],
    ["AUTH_JWT_SECRET", "s".repeat(31), /at least 32 bytes/],
    ["SESSION_SECRET", "short", /at least 32 bytes/],
    ["ADMIN_PASSWORD", "x", /at least 12 characters/],
    ["VIEWER_PASSWORD", "elevenchars", /at least 12 characters/],
    ["OPERATOR_PASSWORDS", "ada:elevenchars", /at least 12 characters/],
    ["OPERATOR_PASSWORDS", "no name and no colon", /name:password/],
    ["OPERATOR_PASSWORDS", "admin:difference engine", /none of them admin/],
    ["OPERATOR_PASSWORDS", "ada:difference engine,ada:another engine", /each once/],
    ["SCICENT_WEBHOOK_SECRET", "secret", /at least 24 bytes/],
    ["SCICENT_WEBHOOK_SECRET", `${"s".repeat(24)},short`, /at least 24 bytes/],
    ["DOMAIN_EVENTS_WEBHOOK_SECRET", "s".repeat(23), /at least 24 bytes/],
    ["RESEND_WEBHOOK_SECRET", "whsec_", /at least 24 bytes/],
    ["RESEND_WEBHOOK_SECRET", `whsec_${Buffer.alloc(23).toString("base64")}`, /at least 24 bytes/],
    ["RESEND_WEBHOOK_SECRET", "s".repeat(40), /whsec_/],
    ["METRICS_TOKEN", "short", /at least 24 bytes/],
  ])("refuses a weak secret in %s: %s", (name, weak, message) => {
    const faults = faultsOf({ ...needed, [name]: weak });
    expect(faults).toEqual([expect.stringMatching(message)]);
    expect(faults[0]).toMatch(new RegExp(`^${name} `));
    if (weak.length > 6) expect(faults[0]).not.toContain(weak);
  });

  it("requires issuer and audience with a key set", () => {
    const keySet = { ...needed, AUTH_JWKS_URL: "https://id.example.org/keys" };
    expect(faultsOf(keySet)).toEqual([
      expect.stringMatching(/^AUTH_JWT_ISSUER is not set/),
      expect.stringMatching(/^AUTH_JWT_AUDIENCE is not set/),
    ]);
    const whole = { ...keySet, AUTH_JWT_ISSUER: "https://id.example.org/", AUTH_JWT_AUDIENCE: "commonwork" };
    expect(readConfig(whole).auth).toMatchObject({
      issuer: "https://id.example.org/",
      audience: "commonwork",
    });
  });

  it("reads API_ALLOWED_ORIGINS as a list of origins: none by default, each once, in lower case", () => {
    const allowed = (written: string) =>
      readConfig({ ...needed, API_ALLOWED_ORIGINS: written }).allowedOrigins;
    expect(readConfig(needed).allowedOrigins).toEqual([]);
    expect(allowed("")).toEqual([]);
    expect(allowed(" https://Community.example, http://localhost:3000,https://community.example,")).toEqual([
      "https://community.example",
      "http://localhost:3000",
    ]);
  });

  it.each([
    "*",
    "null",
    "community.example",
    "https://community.example/",
    "https://community.example/app",
    "https://user@community.example",
    "https://community.example:443",
    "ftp://community.example",
    "https://community.example https://other.example",
    "https://community.example,*",
  ])("refuses %s in API_ALLOWED_ORIGINS", (written) => {
    expect(faultsOf({ ...needed, API_ALLOWED_ORIGINS: written })).toEqual([
      expect.stringMatching(/^API_ALLOWED_ORIGINS .*a list of origins/),
    ]);
  });

  it("lists each variable once", () => {
    expect(new Set(VARIABLES).size).toBe(VARIABLES.length);
    for (const name of [
      "DATABASE_URL",
      "REDIS_URL",
      "ROLES",
      "WORKER_QUEUES",
      "HOST",
      "PORT",
      "SCICENT_WEBHOOK_SECRET",
    ])
      expect(VARIABLES).toContain(name);
  });

  it("never shows a password in an error", () => {
    expect(faultsOf({ ...needed, DATABASE_URL: "mysql://u:S3CRET@db" }).join()).not.toContain("S3CRET");
    expect(faultsOf({ ...needed, REDIS_URL: "S3CRET" }).join()).not.toContain("S3CRET");
  });

  describe("the e-mail transport", () => {
    const from = { EMAIL_FROM: "Commonwork <hello@commonwork.test>", PUBLIC_URL: "https://app.test" };
    const transport = (environment: NodeJS.ProcessEnv) =>
      readConfig({ ...needed, ...from, ...environment }).email.transport;

    it("is Resend, else SMTP, else files", () => {
      const smtp = { SMTP_URL: "smtps://u:p@mail.test" };
      expect(transport({ ...smtp, RESEND_API_KEY: "re_1" })).toEqual({
        kind: "resend",
        apiKey: "re_1",
        url: "https://api.resend.com",
      });
      expect(transport({ RESEND_API_KEY: "re_1", RESEND_BASE_URL: "http://127.0.0.1:1/" })).toMatchObject({
        url: "http://127.0.0.1:1",
      });
      expect(transport(smtp)).toMatchObject({ kind: "smtp", server: { host: "mail.test", port: 465 } });
      expect(transport({ EMAIL_FOLDER: "/tmp/mail" })).toEqual({ kind: "file", folder: "/tmp/mail" });
    });

    it("requires a sender, on one line, once e-mail can reach people", () => {
      expect(faultsOf({ ...needed, RESEND_API_KEY: "re_1" }).join()).toContain("EMAIL_FROM");
      expect(faultsOf({ ...needed, SMTP_URL: "smtp://mail.test" }).join()).toContain("EMAIL_FROM");
      for (const bad of ["nobody", "A <a@b.test>\r\nBcc: c@d.test", "a@b@c"])
        expect(faultsOf({ ...needed, EMAIL_FROM: bad }).join()).toContain("EMAIL_FROM");
    });

    it("accepts a sender with a quoted name, and one address for tests", () => {
      const sender = '"Commonwork, Inc." <hello@commonwork.test>';
      const { email } = readConfig({
        ...needed,
        EMAIL_FROM: sender,
        EMAIL_TEST_RECIPIENT: "Me <me@team.test>",
      });
      expect(email).toMatchObject({ from: sender, testRecipient: "me@team.test" });
      for (const several of ["a@b.test, c@d.test", "A <a@b.test>, c@d.test"])
        expect(faultsOf({ ...needed, EMAIL_TEST_RECIPIENT: several }).join()).toContain(
          "EMAIL_TEST_RECIPIENT",
        );
    });

    it("refuses an option of the SMTP server that it does not know, without showing the password", () => {
      const faults = faultsOf({ ...needed, ...from, SMTP_URL: "smtp://u:S3CRET@mail.test?ssl=true" }).join();
      expect(faults).toContain("SMTP_URL must be a URL with no options but tls and rate (not ssl)");
      expect(faults).not.toContain("S3CRET");
    });

    it("requires links with https in production once e-mail can reach people", () => {
      const sent = { ...needed, ...from, SMTP_URL: "smtp://mail.test", PUBLIC_URL: "http://app.test" };
      expect(faultsOf(sent).join()).toContain("PUBLIC_URL must begin with https://");
      expect(faultsOf({ ...sent, PUBLIC_URL: undefined }).join()).toContain("PUBLIC_URL must begin with");
      expect(readConfig({ ...sent, NODE_ENV: "development" }).publicUrl).toBe("http://app.test");
      expect(readConfig({ ...needed, PUBLIC_URL: "http://app.test" }).publicUrl).toBe("http://app.test");
    });

    it("requires a base URL that paths can be appended to", () => {
      expect(readConfig({ ...needed, PUBLIC_URL: "https://x.test/app/" }).publicUrl).toBe(
        "https://x.test/app",
      );
      expect(faultsOf({ ...needed, PUBLIC_URL: "https://x.test/?a=1" }).join()).toContain("PUBLIC_URL");
    });
  });

  describe("media", () => {
    it("are in a folder, or in a bucket, or nowhere", () => {
      expect(readConfig(needed)).toMatchObject({ mediaStore: null, media: { isStored: false } });
      expect(readConfig({ ...needed, MEDIA_FOLDER: "/srv/media" })).toMatchObject({
        mediaStore: { kind: "folder", folder: "/srv/media" },
        media: { isStored: true, deleteOrphans: false },
      });
      expect(
        readConfig({ ...needed, MEDIA_S3_BUCKET: "clips", MEDIA_S3_PREFIX: "uploads" }).mediaStore,
      ).toEqual({
        kind: "s3",
        bucket: "clips",
        prefix: "uploads/",
        region: "us-east-1",
        endpoint: null,
        credentials: null,
      });
      expect(faultsOf({ ...needed, MEDIA_FOLDER: "/srv", MEDIA_S3_BUCKET: "clips" })).toEqual([
        "MEDIA_FOLDER and MEDIA_S3_BUCKET exclude each other",
      ]);
      expect(faultsOf({ ...needed, MEDIA_S3_BUCKET: "clips", MEDIA_S3_ACCESS_KEY_ID: "id" })).toHaveLength(1);
    });

    it("have limits that are sizes", () => {
      expect(readConfig({ ...needed, MEDIA_VIDEO_MAX_SIZE: "1920X1080" }).media.limits).toMatchObject({
        maxSeconds: 180,
        video: { width: 1_920, height: 1_080 },
        image: { width: 8_192, height: 8_192 },
        imageBytes: 33_554_432,
      });
      for (const size of ["1920", "0x10", "-1x5", "1920x1080x3", "123456x1"])
        expect(faultsOf({ ...needed, MEDIA_IMAGE_MAX_SIZE: size }), size).toHaveLength(1);
    });
  });

  describe("calendars", () => {
    const google = {
      GOOGLE_CLIENT_ID: "client",
      GOOGLE_CLIENT_SECRET: "secret",
      GOOGLE_CALENDAR_WEBHOOK_URL: "https://example.org/webhooks/google_calendar",
      TOKEN_ENCRYPTION_KEY: "ab".repeat(32),
    };

    it("are configured completely or not at all", () => {
      expect(readConfig(needed).googleCalendar).toBeNull();
      expect(readConfig({ ...needed, ...google }).googleCalendar).toMatchObject({
        clientId: "client",
        apiUrl: "https://www.googleapis.com/",
        tokenUrl: "https://oauth2.googleapis.com/token",
      });
      expect(faultsOf({ ...needed, GOOGLE_CLIENT_ID: "client" })).toEqual([
        "GOOGLE_CLIENT_SECRET is not set, while GOOGLE_CLIENT_ID is",
        "GOOGLE_CALENDAR_WEBHOOK_URL is not set, while GOOGLE_CLIENT_ID is",
        "TOKEN_ENCRYPTION_KEY is not set, while GOOGLE_CLIENT_ID is",
      ]);
    });

    it("accept one or several keys of 32 bytes, in hex or base64", () => {
      const [hex, base64] = ["ab".repeat(32), Buffer.alloc(32, 7).toString("base64")];
      const keys = readConfig({
        ...needed,
        ...google,
        TOKEN_ENCRYPTION_KEY: `${hex}, ${base64}`,
      }).googleCalendar;
      expect(keys?.encryptionKeys).toEqual([Buffer.alloc(32, 0xab), Buffer.alloc(32, 7)]);
      for (const bad of ["short", "ab".repeat(16), `${hex},short`]) {
        expect(faultsOf({ ...needed, TOKEN_ENCRYPTION_KEY: bad })).toEqual([
          expect.stringMatching(/^TOKEN_ENCRYPTION_KEY must be keys of 32 bytes/),
        ]);
      }
    });
  });
});
