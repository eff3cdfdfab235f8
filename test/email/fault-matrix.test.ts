import { once } from "node:events";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Mailer } from "../../src/ports/mailers/mailer.ts";
import { resendMailer } from "../../src/ports/mailers/resend.ts";
import { smtpMailer } from "../../src/ports/mailers/smtp.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { delivery, deliveryStates } from "../support/emails.ts";
import { eventually } from "../support/eventually.ts";
import { spawnWorker } from "../support/kills.ts";
import { pausableLimiter } from "../support/mail-limiter.ts";
import { user } from "../support/platform.ts";
import { fakeResend } from "../support/resend.ts";
import { fakeSmtp, type SmtpAnswers, type SmtpStep, smtpServerOf } from "../support/smtp.ts";
import { createWorld, type World } from "../support/world.ts";

// What becomes of an e-mail, of the others and of the address, for each fault of a mailer. Ada's e-mail meets
// the fault; Bo and Cy are the others.

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const AT = "2026-03-02T18:00:00Z";
const PEOPLE = ["ada", "bo", "cy"] as const;
type Person = (typeof PEOPLE)[number];

/** A world with an e-mail due for each person, and a mailer of which everything is known. */
type Scene = {
  readonly world: World;
  /** The people whose e-mail the mailer has accepted, as often as it did. */
  accepted(): Person[];
  /** Ends the fault, and the pause that it caused. */
  repair(): void;
  readonly limiter: ReturnType<typeof pausableLimiter>;
};

const personIn = (text: string): Person =>
  PEOPLE.find((name) => text.includes(`${name}@people.test`)) ?? "ada";

async function openWorld(mailer: Mailer, environment: Record<string, string>): Promise<World> {
  const world = await createWorld({ at: AT, ports: { mailer }, environment });
  for (const name of PEOPLE)
    await delivery(world, { userId: await user(world, { email: `${name}@people.test` }) });
  await world.perform(emailInstant, {});
  return world;
}

const SENDER = { EMAIL_FROM: "Commonwork <hello@commonwork.test>", PUBLIC_URL: "https://app.test" };

async function smtpScene(
  answers: SmtpAnswers,
): Promise<Scene & { smtp: Awaited<ReturnType<typeof fakeSmtp>> }> {
  const smtp = await fakeSmtp({ answers });
  const url = `${smtp.url.replace("smtp://", "smtp://me:secret@")}?tls=off`;
  const limiter = pausableLimiter();
  const mailer = smtpMailer({ server: smtpServerOf(url), limiter, timeoutMs: 3_000 });
  onTestFinished(async () => {
    await mailer.close();
    await smtp.close();
  });
  const world = await openWorld(mailer, { ...SENDER, SMTP_URL: url });
  return {
    world,
    limiter,
    smtp,
    accepted: () => smtp.messages.map((message) => personIn(/^To: .*$/m.exec(message)?.[0] ?? "")).sort(),
    repair: () => {
      smtp.answers = {};
      limiter.endPause();
    },
  };
}

type FakeResend = Awaited<ReturnType<typeof fakeResend>>;

async function resendScene(fault: (resend: FakeResend) => void): Promise<Scene & { resend: FakeResend }> {
  const resend = await fakeResend();
  const limiter = pausableLimiter();
  const mailer = resendMailer({ apiKey: "re_test", url: resend.url, limiter, timeoutMs: 3_000 });
  onTestFinished(() => resend.close());
  const world = await openWorld(mailer, {
    ...SENDER,
    RESEND_API_KEY: "re_test",
    RESEND_BASE_URL: resend.url,
  });
  fault(resend);
  return {
    world,
    limiter,
    resend,
    accepted: () => resend.taken.map(({ to }) => personIn(to)).sort(),
    repair: () => {
      resend.misbehave = [];
      resend.apiKey = "re_test";
      limiter.endPause();
    },
  };
}

/** What the people's e-mails became: `sent`, or a status with its reason. */
async function stateOf(world: World): Promise<Record<string, string>> {
  const states = await deliveryStates(world);
  return Object.fromEntries(PEOPLE.map((name, index) => [name, states[index] ?? "none"]));
}

const suppressed = async (world: World): Promise<string[]> =>
  (
    await world.query<{ email: string }>(
      "select u.email from email_suppressions s join users u on s.address_hash = sha256(convert_to(u.email, 'UTF8'))",
    )
  ).map(({ email }) => personIn(email));

/** Sends again what waits, until nothing is due. */
async function tryAgain(world: World): Promise<void> {
  await world.skipBackOff();
  await world.drain();
}

const waitsAll = { ada: "pending", bo: "pending", cy: "pending" };
const sentAll = { ada: "sent", bo: "sent", cy: "sent" };

/** A fault, and what it leaves before and after it is repaired. */
type Row = {
  readonly fault: string;
  readonly smtp?: SmtpAnswers;
  readonly resend?: (resend: FakeResend) => void;
  /** Before the fault is repaired. */
  readonly before: Record<string, string>;
  /** After it is repaired and what waits was tried again. */
  readonly after: Record<string, string>;
  readonly suppressed?: readonly Person[];
};

/** A reply where Ada is the recipient. */
const toAda =
  (answer: string) =>
  (_command: string, recipient: string): string | undefined =>
    recipient.includes("ada@people.test") ? answer : undefined;

const always = (fault: FakeResend["misbehave"][number]) => (resend: FakeResend) => {
  resend.misbehave = Array.from({ length: 20 }, () => fault);
};

const next = (fault: FakeResend["misbehave"][number]) => (resend: FakeResend) => {
  resend.misbehave = [fault];
};

const CHANNEL: Row[] = [
  {
    fault: "sign-in is refused",
    smtp: { AUTH: "535 5.7.8 wrong password" },
    resend: (resend) => Object.assign(resend, { apiKey: "re_other" }),
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "the sender is refused",
    smtp: { MAIL: "550 5.1.8 sender rejected" },
    resend: always({ status: 403, name: "validation_error", message: "The domain is not verified." }),
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "the quota is used up",
    smtp: { MAIL: "550 5.4.5 daily sending quota exceeded" },
    resend: always({ status: 429, name: "daily_quota_exceeded" }),
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "relaying is refused",
    smtp: { RCPT: "554 5.7.1 relay access denied" },
    resend: always({ status: 403, name: "validation_error", message: "Only your own address is allowed." }),
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "relaying is refused in plain words",
    smtp: { RCPT: "550 relay not permitted" },
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "the server does not answer at all",
    smtp: { greeting: "hang" },
    resend: always("hang"),
    before: waitsAll,
    after: sentAll,
  },
];

const ONE: Row[] = [
  {
    fault: "one e-mail is too large",
    smtp: { "end of data": toAda("552 5.3.4 message too big") },
    before: { ...sentAll, ada: "failed: SMTP 552 5.3.4" },
    after: { ...sentAll, ada: "failed: SMTP 552 5.3.4" },
  },
  {
    fault: "one e-mail is too large",
    resend: (resend) => Object.assign(resend, { oversized: ["ada@people.test"] }),
    before: { ...sentAll, ada: "failed: 413 validation_error" },
    after: { ...sentAll, ada: "failed: 413 validation_error" },
  },
  {
    fault: "one mailbox does not exist",
    smtp: { RCPT: toAda("550 5.1.1 no such person") },
    before: { ...sentAll, ada: "bounced: SMTP 550 5.1.1" },
    after: { ...sentAll, ada: "bounced: SMTP 550 5.1.1" },
    suppressed: ["ada"],
  },
  {
    fault: "one address is invalid",
    resend: (resend) => Object.assign(resend, { refused: ["ada@people.test"] }),
    before: { ...sentAll, ada: "bounced: 422 validation_error" },
    after: { ...sentAll, ada: "bounced: 422 validation_error" },
    suppressed: ["ada"],
  },
  {
    fault: "one mailbox is full",
    smtp: { RCPT: toAda("552 5.2.2 mailbox full") },
    before: { ...sentAll, ada: "bounced: SMTP 552 5.2.2" },
    after: { ...sentAll, ada: "bounced: SMTP 552 5.2.2" },
  },
  {
    fault: "one recipient is greylisted",
    smtp: { RCPT: toAda("451 4.7.1 greylisted, try again") },
    before: { ...sentAll, ada: "pending" },
    after: sentAll,
  },
  {
    fault: "one recipient hangs before the content",
    smtp: { RCPT: toAda("hang") },
    before: { ...sentAll, ada: "pending" },
    after: sentAll,
  },
];

const UNKNOWN: Row[] = [
  {
    fault: "it hangs before it accepts",
    resend: next("hang"),
    before: waitsAll,
    after: sentAll,
  },
  {
    fault: "it drops the connection before it accepts",
    smtp: { DATA: "hang up" },
    resend: next("drop"),
    before: waitsAll,
    after: sentAll,
  },
  ...(["hang", "hang up"] as const).flatMap((end): Row[] => [
    {
      fault: `it accepts, and answers with: ${end}`,
      smtp: { "end of data": `accept, ${end}` },
      before: inReview(end),
      after: inReview(end),
    },
    {
      fault: `it accepts, and answers with: ${end}`,
      resend: next(end === "hang" ? "accept-then-hang" : "accept-then-drop"),
      before: waitsAll,
      after: sentAll,
    },
  ]),
];

function inReview(end: "hang" | "hang up"): Record<string, string> {
  const state = `needs_review: SMTP ${end === "hang" ? "ETIMEDOUT" : "ECONNECTION"}`;
  return { ada: state, bo: state, cy: state };
}

const rows = [...CHANNEL, ...ONE, ...UNKNOWN];

async function check(scene: Scene, { before, after, suppressed: expected = [] }: Row): Promise<void> {
  const { world } = scene;
  await world.drain();
  expect(await stateOf(world)).toEqual(before);
  scene.repair();
  for (let round = 0; round < 3; round++) await tryAgain(world);
  expect(await stateOf(world)).toEqual(after);
  expect(await suppressed(world)).toEqual(expected);
  // Whatever happens, nothing is accepted twice, and what was sent was accepted.
  const accepted = scene.accepted();
  expect(accepted).toEqual([...new Set(accepted)]);
  expect(accepted).toEqual(expect.arrayContaining(PEOPLE.filter((name) => after[name] === "sent")));
  expect(await world.enqueued()).toEqual([]);
}

describe("over SMTP", () => {
  it.each(rows.filter(({ smtp }) => smtp).map((row) => [row.fault, row] as const))(
    "%s",
    async (_fault, row) => {
      await check(await smtpScene(row.smtp ?? {}), row);
    },
  );
});

describe("over Resend", () => {
  it.each(rows.filter(({ resend }) => resend).map((row) => [row.fault, row] as const))(
    "%s",
    async (_fault, row) => {
      await check(await resendScene(row.resend ?? (() => undefined)), row);
    },
  );
});

describe("what waits for the channel", () => {
  it.each(["smtp", "resend"])("over %s uses no attempt and stops asking, with an alert", async (kind) => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
    vi.stubEnv("TEST_LOG", "error");
    const scene =
      kind === "smtp"
        ? await smtpScene({ AUTH: "535 no" })
        : await resendScene((resend) => Object.assign(resend, { apiKey: "re_other" }));
    const { world, limiter } = scene;
    const asked = () => ("smtp" in scene ? (scene as { smtp: { connections: number } }).smtp.connections : 0);
    await world.drain();
    const connections = asked();
    expect(limiter.pausedMs).toBeGreaterThan(0);
    for (let round = 0; round < 3; round++) await tryAgain(world);
    expect(asked()).toBe(connections);
    for (const { attempts, dead } of await world.enqueued())
      expect({ attempts, dead }).toEqual({ attempts: 0, dead: false });
    expect(await stateOf(world)).toEqual(waitsAll);
    const alerts = lines.flatMap((line) => {
      const { alert, reason } = JSON.parse(line) as { alert?: string; reason?: string };
      return alert === undefined ? [] : [`${alert}: ${reason}`];
    });
    expect(alerts[0]).toMatch(kind === "smtp" ? /^mail-channel: SMTP 535/ : /^mail-channel: 40[13] /);
  });
});

/** Kills a real worker when its e-mail reaches a step of the conversation, and lets another one continue. */
async function killAt(
  scene: Scene,
  environment: Record<string, string>,
  reached: Promise<void>,
): Promise<void> {
  const { world } = scene;
  world.relay.start();
  const worker = spawnWorker(world, { JOBS: "all", ...SENDER, ...environment });
  try {
    await reached;
  } finally {
    worker.kill("SIGKILL");
    await once(worker, "exit");
  }
  await world.relay.stop();
  // As the sweep leaves it once the carrier is missing, after the lease of the call has ended.
  await world.query("update outbox set enqueued_at = null, carrier = null, leased_until = now()");
  scene.repair();
  for (let round = 0; round < 3; round++) await tryAgain(world);
}

/** One e-mail, so that it is known where the killed worker stood. */
const onlyAda = (world: World) =>
  world.query(
    "delete from outbox where job = 'send-emails' and id > (select min(id) from outbox where job = 'send-emails')",
  );

describe("a worker that is killed", () => {
  const steps: [SmtpStep, string][] = [
    ["greeting", "sent"],
    ["AUTH", "sent"],
    ["MAIL", "sent"],
    ["RCPT", "sent"],
    ["DATA", "sent"],
    ["end of data", "needs_review: the attempt was interrupted"],
  ];

  it.each(steps)(
    "over SMTP at %s leaves the e-mail %s, and it is never accepted twice",
    async (step, state) => {
      const scene = await smtpScene({ [step]: step === "end of data" ? "accept, hang" : "hang" });
      const { world, smtp } = scene;
      await onlyAda(world);
      const reached = new Promise<void>((resolve) => {
        smtp.onStep = (at) => at === step && resolve();
      });
      await killAt(
        scene,
        { SMTP_URL: world.config.email.transport.kind === "smtp" ? smtpUrlOf(smtp.url) : "" },
        reached,
      );
      expect((await stateOf(world))["ada"]).toBe(state);
      expect(scene.accepted()).toEqual(["ada"]);
    },
  );

  it.each(["hang", "accept-then-hang"] as const)(
    "over Resend (%s) leaves e-mails that are sent once",
    async (fault) => {
      const scene = await resendScene(next(fault));
      const { world, resend } = scene;
      const reached = new Promise<void>((resolve) => {
        resend.onRequest = resolve;
      });
      await killAt(scene, { RESEND_API_KEY: "re_test", RESEND_BASE_URL: resend.url }, reached);
      expect(await stateOf(world)).toEqual(sentAll);
      expect(scene.accepted()).toEqual([...PEOPLE]);
    },
  );
});

const smtpUrlOf = (url: string): string => `${url.replace("smtp://", "smtp://me:secret@")}?tls=off`;

it("an address that the server refused gets no further e-mail", async () => {
  const { world, smtp } = await smtpScene({ RCPT: toAda("550 5.1.1 no such person") });
  await world.drain();
  smtp.answers = {};
  const [ada] = await world.query<{ id: string }>("select id from users where email = 'ada@people.test'");
  await delivery(world, { userId: ada!.id });
  await world.perform(emailInstant, {});
  await world.drain();
  expect((await deliveryStates(world)).at(-1)).toBe("none: suppressed");
  expect(smtp.messages).toHaveLength(2);
});

it("an address whose mailbox is full is given up after four e-mails in a row", async () => {
  const { world } = await smtpScene({ RCPT: toAda("552 5.2.2 mailbox full") });
  const [ada] = await world.query<{ id: string }>("select id from users where email = 'ada@people.test'");
  for (let n = 0; n < 4; n++) {
    await world.drain();
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
    await delivery(world, { userId: ada!.id });
    await world.perform(emailInstant, {});
  }
  await world.drain();
  const states = (await deliveryStates(world)).filter((state) => state !== "sent");
  expect(states).toEqual([...Array(4).fill("bounced: SMTP 552 5.2.2"), "none: suppressed"]);
});
