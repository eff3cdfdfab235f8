import { describe, expect, it, onTestFinished } from "vitest";
import { smtpMailer } from "../../../src/ports/mailers/smtp.ts";
import { neverAborts, sampleEmail } from "../../support/sample-email.ts";
import { fakeSmtp, type SmtpAnswers } from "../../support/smtp.ts";

async function scene(answers: SmtpAnswers = {}) {
  const server = await fakeSmtp(answers);
  onTestFinished(() => server.close());
  const sendOne = (url = server.url) =>
    smtpMailer({ url, timeoutMs: 500 }).send(
      { key: "delivery/7", emails: [sampleEmail("delivery/7")] },
      neverAborts(),
    );
  return { server, sendOne };
}

describe("smtp", () => {
  it("sends an e-mail, always under the same Message-ID", async () => {
    const { server, sendOne } = await scene();
    expect(await sendOne()).toEqual([{ kind: "accepted", providerId: "<delivery.7@commonwork.test>" }]);
    expect(server.messages[0]).toContain("Message-ID: <delivery.7@commonwork.test>");
    expect(server.messages[0]).toContain("To: ada@people.test");
    expect(server.messages[0]).toMatch(/text\/plain[\s\S]*text\/html/);
  });

  it("does not fold a header that others sign", async () => {
    const { server } = await scene();
    const long = `<https://commonwork.test/unsubscribe/${"a".repeat(120)}>`;
    const one = sampleEmail("delivery/7", { headers: { "List-Unsubscribe": long } });
    await smtpMailer({ url: server.url }).send({ key: "delivery/7", emails: [one] }, neverAborts());
    expect(server.messages[0]).toContain(`List-Unsubscribe: ${long}\r\n`);
  });

  it("signs in with the name and password of the URL", async () => {
    const { server, sendOne } = await scene({ AUTH: "535 no" });
    const url = server.url.replace("smtp://", "smtp://me%40home:p%3Aw@");
    await expect(sendOne(url)).rejects.toMatchObject({ name: "MailerUnavailable" });
    server.answers.AUTH = "235 welcome";
    expect(await sendOne(url)).toMatchObject([{ kind: "accepted" }]);
  });

  it.each([
    ["MAIL", "451 busy"],
    ["RCPT", "450 try later"],
    ["end of data", "451 busy"],
  ] as const)("may be retried after a temporary error at %s", async (step, answer) => {
    const { server, sendOne } = await scene({ [step]: answer });
    await expect(sendOne()).rejects.toMatchObject({ name: "MailerUnavailable" });
    expect(server.messages).toEqual([]);
  });

  it.each([
    ["RCPT", "550 no such person"],
    ["end of data", "554 unwanted"],
  ] as const)("treats a permanent error at %s as final, and keeps only its code", async (step, answer) => {
    const { sendOne } = await scene({ [step]: answer });
    expect(await sendOne()).toEqual([{ kind: "refused", reason: `SMTP ${answer.slice(0, 3)}` }]);
  });

  it("is unclear when the connection breaks during the transfer", async () => {
    const { sendOne } = await scene({ "end of data": "hang up" });
    expect(await sendOne()).toMatchObject([{ kind: "unclear" }]);
  });

  it("may be retried when the server is unreachable", async () => {
    const { sendOne } = await scene();
    await expect(sendOne("smtp://127.0.0.1:1")).rejects.toMatchObject({ name: "MailerUnavailable" });
  });
});
