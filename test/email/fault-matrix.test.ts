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

/** A mail service, and a mailer for it. */
type Service = {
  readonly kind: "smtp" | "resend";
  /** The variables that lead a process to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A call is given up after this long. */
  open(timeoutMs?: number): Mailer;
  /** The people whose e-mail it has accepted, as often as it did. */
  accepted(): Person[];
  /** Ends the fault, and the pause that it caused. */
  repair(): void;
  readonly limiter: ReturnType<typeof pausableLimiter>;
};

/** Long enough for e-mails that meet no fault, on a busy machine. */
const PATIENT_MS = 3_000;
/** For services that answer nobody. */
const IMPATIENT_MS = 300;

const personIn = (text: string): Person =>
  PEOPLE.find((name) => text.includes(`${name}@people.test`)) ?? "ada";

const SENDER = { EMAIL_FROM: "Commonwork <hello@commonwork.test>", PUBLIC_URL: "https://app.test" };

async function smtpService(answers: SmtpAnswers) {
  const smtp = await fakeSmtp({ answers });
  onTestFinished(() => smtp.close());
  const url = `${smtp.url.replace("smtp://", "smtp://me:secret@")}?tls=off`;
  const limiter = pausableLimiter();
  return {
    kind: "smtp",
    environment: { ...SENDER, SMTP_URL: url },
    limiter,
    smtp,
    open: (timeoutMs = PATIENT_MS) => smtpMailer({ server: smtpServerOf(url), limiter, timeoutMs }),
    accepted: () => smtp.messages.map((message) => personIn(/^To: .*$/m.exec(message)?.[0] ?? "")).sort(),
    repair: () => {
      smtp.answers = {};
      limiter.endPause();
    },
  } satisfies Service & { smtp: unknown };
}

type FakeResend = Awaited<ReturnType<typeof fakeResend>>;

async function resendService(fault: (resend: FakeResend) => void) {
  const resend = await fakeResend();
  onTestFinished(() => resend.close());
  fault(resend);
  const limiter = pausableLimiter();
  const environment = { ...SENDER, RESEND_API_KEY: "re_test", RESEND_BASE_URL: resend.url };
  return {
    kind: "resend",
    environment,
    limiter,
    resend,
    open: (timeoutMs = PATIENT_MS) =>
      resendMailer({ apiKey: "re_test", url: resend.url, limiter, timeoutMs }),
    accepted: () => resend.taken.map(({ to }) => personIn(to)).sort(),
    repair: () => {
      resend.misbehave = [];
      resend.apiKey = "re_test";
      limiter.endPause();
    },
  } satisfies Service & { resend: unknown };
}

/** A world whose mailer can be replaced. */
type Scene = { readonly world: World; sendBy(mailer: Mailer): void };

async function sceneOf({ environment, open }: Service): Promise<Scene> {
  const opened = [open()];
  const now = () => opened.at(-1)!;
  const mailer: Mailer = {
    name: now().name,
    admit: (key, signal) => now().admit(key, signal),
    send: (request, context) => now().send(request, context),
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
  const world = await createWorld({ at: AT, ports: { mailer }, environment });
  onTestFinished(() => mailer.close());
  return { world, sendBy: (next) => void opened.push(next) };
}

/** An e-mail that is due for each person, and for nobody else. */
async function enqueueEmails(world: World): Promise<void> {
  await world.query("update users set email = null");
  await world.query("delete from email_suppressions");
  for (const name of PEOPLE)
    await delivery(world, { userId: await user(world, { email: `${name}@people.test` }) });
  await world.perform(emailInstant, {});
}

/** What the last e-mails of people became: `sent`, or a status with its reason. */
async function stateOf(world: World): Promise<Record<string, string>> {
  const states = (await deliveryStates(world)).slice(-PEOPLE.length);
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
  /** Nobody is answered: there is nothing to wait for. */
  readonly answersNobody?: true;
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
    answersNobody: true,
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
    answersNobody: true,
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
      answersNobody: true,
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

/** What a fault left, in the form of its row. */
async function outcomeOf(scene: Scene, service: Service, { answersNobody, after }: Row) {
  const { world } = scene;
  scene.sendBy(service.open(answersNobody ? IMPATIENT_MS : PATIENT_MS));
  await enqueueEmails(world);
  await world.drain();
  const before = await stateOf(world);
  service.repair();
  scene.sendBy(service.open());
  for (let round = 0; round < 3; round++) await tryAgain(world);
  // Whatever happens, nothing is accepted twice, and what was sent was accepted.
  const accepted = service.accepted();
  const sent = PEOPLE.filter((name) => after[name] === "sent");
  return {
    before,
    after: await stateOf(world),
    suppressed: await suppressed(world),
    acceptedTwice: accepted.filter((name, index) => accepted.indexOf(name) < index),
    lost: sent.filter((name) => !accepted.includes(name)),
    left: await world.enqueued(),
  };
}

/** Expects of each fault what its row says, in one world. */
async function expectOutcomes(of: readonly Row[], open: (row: Row) => Promise<Service>): Promise<void> {
  const outcomes: Record<string, unknown> = {};
  let scene: Scene | undefined;
  for (const row of of) {
    const service = await open(row);
    scene ??= await sceneOf(service);
    outcomes[row.fault] = await outcomeOf(scene, service, row);
  }
  const expected = of.map(({ fault, before, after, suppressed: people = [] }) => [
    fault,
    { before, after, suppressed: people, acceptedTwice: [], lost: [], left: [] },
  ]);
  expect(outcomes).toEqual(Object.fromEntries(expected));
}

describe("every fault has the result in its row", () => {
  it("over SMTP", async () => {
    await expectOutcomes(
      rows.filter(({ smtp }) => smtp),
      ({ smtp }) => smtpService(smtp ?? {}),
    );
  });

  it("over Resend", async () => {
    await expectOutcomes(
      rows.filter(({ resend }) => resend),
      ({ resend }) => resendService(resend ?? (() => undefined)),
    );
  });
});

describe("what waits for the channel", () => {
  it.each(["smtp", "resend"])("over %s uses no attempt and stops asking, with an alert", async (kind) => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
    vi.stubEnv("TEST_LOG", "error");
    const service =
      kind === "smtp"
        ? await smtpService({ AUTH: "535 no" })
        : await resendService((resend) => Object.assign(resend, { apiKey: "re_other" }));
    const { world } = await sceneOf(service);
    await enqueueEmails(world);
    const requested = () => ("smtp" in service ? service.smtp.connections : service.resend.requests.length);
    await world.drain();
    const calls = requested();
    expect(calls).toBeGreaterThan(0);
    expect(service.limiter.pausedMs).toBeGreaterThan(0);
    for (let round = 0; round < 3; round++) await tryAgain(world);
    expect(requested()).toBe(calls);
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

/** Kills a real worker once its e-mails reached a step of the conversation, and lets another one continue. */
async function killAt(world: World, service: Service, reached: Promise<void>): Promise<void> {
  world.relay.start();
  const worker = spawnWorker(world, { JOBS: "all", ...service.environment });
  try {
    await reached;
  } finally {
    worker.kill("SIGKILL");
    await once(worker, "exit");
  }
  await world.relay.stop();
  // As the sweep leaves it once the carrier is missing, after the lease of the call has ended.
  await world.query("update outbox set enqueued_at = null, carrier = null, leased_until = now()");
  service.repair();
  for (let round = 0; round < 3; round++) await tryAgain(world);
}

describe("a worker that is killed", () => {
  // As many e-mails as a worker sends at once: one hangs at each step.
  it.each<[string, SmtpStep[], string]>([
    ["each step before its end", ["greeting", "AUTH", "MAIL", "RCPT", "DATA"], "sent"],
    ["the end of the content", ["end of data"], "needs_review: the attempt was interrupted"],
  ])("over SMTP at %s leaves e-mails that are never accepted twice", async (_where, steps, state) => {
    const service = await smtpService(hangOnceAt(steps));
    const { world } = await sceneOf(service);
    for (const step of steps)
      await delivery(world, { userId: await user(world, { email: `${steps.indexOf(step)}@people.test` }) });
    await world.perform(emailInstant, {});
    const left = new Set(steps);
    const reached = new Promise<void>((resolve) => {
      service.smtp.onStep = (step) => void (left.delete(step) && left.size === 0 && resolve());
    });
    await killAt(world, service, reached);
    expect(await deliveryStates(world)).toEqual(steps.map(() => state));
    const to = service.smtp.messages.map((message) => /^To: .*$/m.exec(message)?.[0]);
    expect(to.sort()).toEqual(steps.map((_, n) => `To: ${n}@people.test`));
  });

  it.each(["hang", "accept-then-hang"] as const)(
    "over Resend (%s) leaves e-mails that are sent once",
    async (fault) => {
      const service = await resendService(next(fault));
      const { world } = await sceneOf(service);
      await enqueueEmails(world);
      const reached = new Promise<void>((resolve) => {
        service.resend.onRequest = resolve;
      });
      await killAt(world, service, reached);
      expect(await stateOf(world)).toEqual(sentAll);
      expect(service.accepted()).toEqual([...PEOPLE]);
    },
  );
});

/** At each of these steps the first conversation that comes to it hangs. */
function hangOnceAt(steps: readonly SmtpStep[]): SmtpAnswers {
  const hungAt = new Set<SmtpStep>();
  const hangOnce = (step: SmtpStep) => () => {
    if (hungAt.has(step)) return undefined;
    hungAt.add(step);
    return step === "end of data" ? "accept, hang" : "hang";
  };
  return Object.fromEntries(steps.map((step) => [step, hangOnce(step)]));
}

it("an address that the server refused gets no further e-mail", async () => {
  const service = await smtpService({ RCPT: toAda("550 5.1.1 no such person") });
  const { world } = await sceneOf(service);
  await enqueueEmails(world);
  await world.drain();
  service.smtp.answers = {};
  const [ada] = await world.query<{ id: string }>("select id from users where email = 'ada@people.test'");
  await delivery(world, { userId: ada!.id });
  await world.perform(emailInstant, {});
  await world.drain();
  expect((await deliveryStates(world)).at(-1)).toBe("none: suppressed");
  expect(service.smtp.messages).toHaveLength(2);
});

it("an address whose mailbox is full is given up after four e-mails in a row", async () => {
  const { world } = await sceneOf(await smtpService({ RCPT: toAda("552 5.2.2 mailbox full") }));
  await enqueueEmails(world);
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
