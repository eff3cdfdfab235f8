import { describe, expect, it, onTestFinished } from "vitest";
import { smtpMailer } from "../../../src/ports/mailers/smtp.ts";
import { LOOPBACK_CERTIFICATE } from "../../support/certificate.ts";
import { pausableLimiter } from "../../support/mail-limiter.ts";
import { patiently, sampleEmail } from "../../support/sample-email.ts";
import { fakeSmtp, type SmtpAnswers, smtpServerOf } from "../../support/smtp.ts";

type Options = { answers?: SmtpAnswers; offersTls?: boolean; url?: (url: string) => string; ca?: string };

async function scene({ url = (plain) => plain, ca, ...options }: Options = {}) {
  const server = await fakeSmtp(options);
  const limiter = pausableLimiter();
  const mailer = smtpMailer({
    server: smtpServerOf(url(server.url)),
    limiter,
    // For what hangs: everything else must be done in time on a busy machine as well.
    timeoutMs: 3_000,
    ...(ca === undefined ? {} : { ca }),
  });
  onTestFinished(async () => {
    await mailer.close();
    await server.close();
  });
  const sendOne = (handOver = patiently(), key = "delivery/7", fields = {}) =>
    mailer.send({ key, emails: [sampleEmail(key, fields)] }, handOver);
  return { server, limiter, mailer, sendOne };
}

const withPassword = (url: string): string => url.replace("smtp://", "smtp://me%40home:p%3Aw@");

describe("smtp", () => {
  it("sends an e-mail, always under the same Message-ID", async () => {
    const { server, sendOne } = await scene();
    expect(await sendOne()).toEqual([{ kind: "accepted", providerId: "<delivery.7@commonwork.test>" }]);
    expect(server.messages[0]).toContain("Message-ID: <delivery.7@commonwork.test>");
    expect(server.messages[0]).toContain("To: ada@people.test");
    expect(server.messages[0]).toMatch(/text\/plain[\s\S]*text\/html/);
  });

  it("does not fold a header that others sign", async () => {
    const { server, sendOne } = await scene();
    const long = `<https://commonwork.test/unsubscribe/${"a".repeat(120)}>`;
    await sendOne(patiently(), "delivery/7", { headers: { "List-Unsubscribe": long } });
    expect(server.messages[0]).toContain(`List-Unsubscribe: ${long}\r\n`);
  });

  it("sends from a quoted name, with an address for answers", async () => {
    const { server, sendOne } = await scene();
    const fields = { from: '"Commonwork, Inc." <hello@commonwork.test>', replyTo: "help@commonwork.test" };
    await sendOne(patiently(), "delivery/7", fields);
    expect(server.messages[0]).toContain('From: "Commonwork, Inc." <hello@commonwork.test>');
    expect(server.messages[0]).toContain("Reply-To: help@commonwork.test");
  });

  it("signs in with the name and password of the URL", async () => {
    const { server, sendOne } = await scene({
      answers: { AUTH: (command) => (command.endsWith("AG1lQGhvbWUAcDp3") ? undefined : "535 no") },
      url: (url) => `${withPassword(url)}?tls=off`,
    });
    expect(await sendOne()).toMatchObject([{ kind: "accepted" }]);
    expect(server.commands).toContain("AUTH");
  });

  it("sends several e-mails over one connection, and over a new one after the server has closed it", async () => {
    const { server, sendOne } = await scene();
    for (let n = 1; n <= 3; n++) await sendOne(patiently(), `delivery/${n}`);
    expect([server.connections, server.messages.length]).toEqual([1, 3]);
    server.closeConnections();
    await sendOne(patiently(), "delivery/4");
    server.answers = { MAIL: () => (server.connections === 2 ? "421 idle for too long" : undefined) };
    await sendOne(patiently(), "delivery/5");
    expect([server.connections, server.messages.length]).toEqual([3, 5]);
  });
});

describe("smtp with TLS", () => {
  it("sends no password and no e-mail when the server does not offer STARTTLS", async () => {
    const { server, sendOne } = await scene({ url: withPassword });
    await expect(sendOne()).rejects.toMatchObject({ name: "ChannelFault" });
    expect(server.commands).not.toContain("AUTH");
    expect(server.messages).toEqual([]);
  });

  it("sends none over TLS with a certificate that it cannot verify", async () => {
    const { server, sendOne } = await scene({ url: withPassword, offersTls: true });
    await expect(sendOne()).rejects.toMatchObject({
      name: "ChannelFault",
      message: "SMTP DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect(server.commands.join()).not.toContain("AUTH");
  });

  it.each([
    ["with a verified certificate", { ca: LOOPBACK_CERTIFICATE.cert, url: withPassword }],
    ["unverified if the URL says so", { url: (url: string) => `${withPassword(url)}?tls=unverified` }],
  ])("sends both %s", async (_name, options) => {
    const { server, sendOne } = await scene({ offersTls: true, ...options });
    expect(await sendOne()).toMatchObject([{ kind: "accepted" }]);
    expect(server.commands).toEqual(
      expect.arrayContaining(["STARTTLS", "AUTH (TLS)", "MAIL (TLS)", "DATA (TLS)"]),
    );
  });
});

describe("smtp, when nothing was accepted", () => {
  it.each([
    ["greeting", "554 go away"],
    ["greeting", "hang"],
    ["greeting", "hang up"],
    ["EHLO", "421 too busy"],
    ["AUTH", "535 5.7.8 wrong password"],
    ["AUTH", "454 4.7.0 try later"],
    ["AUTH", "hang up"],
    ["MAIL", "550 5.1.8 sender rejected"],
    ["MAIL", "550 5.4.5 daily quota exceeded"],
    ["MAIL", "451 busy"],
    ["RCPT", "530 5.7.0 authentication required"],
  ] as const)("holds all e-mail after %s: %s", async (step, answer) => {
    const { server, limiter, sendOne } = await scene({
      answers: { [step]: answer },
      url: (url) => `${withPassword(url)}?tls=off`,
    });
    await expect(sendOne()).rejects.toMatchObject({ name: "ChannelFault", retryAfterMs: 60_000 });
    expect(limiter.pausedMs).toBe(60_000);
    expect(server.messages).toEqual([]);
  });

  it("holds all e-mail when the server is unreachable", async () => {
    const { limiter, sendOne } = await scene({ url: () => "smtp://127.0.0.1:1" });
    await expect(sendOne()).rejects.toMatchObject({ name: "ChannelFault" });
    expect(limiter.pausedMs).toBe(60_000);
  });

  it.each([
    ["MAIL", "hang"],
    ["RCPT", "450 4.2.0 try later"],
    ["RCPT", "554 5.7.1 relay access denied"],
    ["RCPT", "550 relaying denied"],
    ["RCPT", "hang"],
    ["RCPT", "hang up"],
    ["DATA", "hang"],
    ["DATA", "554 no"],
    ["end of data", "451 4.3.0 busy"],
    ["end of data", "554 5.7.1 message rejected as spam"],
    ["end of data", "554 unwanted"],
  ] as const)("defers only the e-mail after %s: %s", async (step, answer) => {
    const { server, limiter, sendOne } = await scene({ answers: { [step]: answer } });
    await expect(sendOne()).rejects.toMatchObject({ name: "EmailDeferred" });
    expect(limiter.pausedMs).toBe(0);
    expect(server.messages).toEqual([]);
  });

  it.each([
    ["RCPT", "550 5.1.1 no such person", "SMTP 550 5.1.1", "hard"],
    ["RCPT", "550 no such person", "SMTP 550", "hard"],
    ["RCPT", "552 5.2.2 mailbox full", "SMTP 552 5.2.2", "soft"],
    ["MAIL", "552 5.3.4 message too big", "SMTP 552 5.3.4", null],
    ["end of data", "552 message too big", "SMTP 552", null],
  ] as const)("refuses the e-mail for good after %s: %s, and keeps only the codes", async (...row) => {
    const [step, answer, reason, bounce] = row;
    const { limiter, sendOne } = await scene({ answers: { [step]: answer } });
    expect(await sendOne()).toEqual([{ kind: "refused", reason, bounce }]);
    expect(limiter.pausedMs).toBe(0);
  });

  it("refuses an e-mail that is larger than the server announces to accept", async () => {
    const { server, sendOne } = await scene({ answers: { EHLO: "250-fake\r\n250 SIZE 100" } });
    expect(await sendOne()).toEqual([{ kind: "refused", reason: "SMTP too large", bounce: null }]);
    expect(server.commands).not.toContain("MAIL");
  });
});

describe("smtp, handing over", () => {
  it.each(["hang up", "accept, hang up", "hang", "accept, hang"])(
    "is unclear if the server answers the content with: %s",
    async (answer) => {
      const { sendOne } = await scene({ answers: { "end of data": answer } });
      expect(await sendOne()).toMatchObject([{ kind: "unclear" }]);
    },
  );

  it("begins after the recipient was accepted, and sends no content if that fails", async () => {
    const { server, sendOne } = await scene();
    const begin = async () => {
      expect(server.commands.at(-1)).toBe("DATA");
      throw new Error("another process has taken over");
    };
    await expect(sendOne({ ...patiently(), begin })).rejects.toThrow("another process has taken over");
    await sendOne();
    expect(server.messages).toHaveLength(1);
  });
});
