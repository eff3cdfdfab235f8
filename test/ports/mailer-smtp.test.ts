import { describe, expect, it, onTestFinished } from "vitest";
import { smtpMailer } from "../../src/ports/mailer-smtp.ts";
import { letter, patient } from "../support/letters.ts";
import { fakeSmtp, type SmtpAnswers } from "../support/smtp.ts";

async function scene(answers: SmtpAnswers = {}) {
  const server = await fakeSmtp(answers);
  onTestFinished(() => server.close());
  const sendOne = (url = server.url) =>
    smtpMailer({ url, timeoutMs: 500 }).send(
      { key: "delivery/7", letters: [letter("delivery/7")] },
      patient(),
    );
  return { server, sendOne };
}

describe("smtp", () => {
  it("hands a letter over, under a message id that is always the same", async () => {
    const { server, sendOne } = await scene();
    expect(await sendOne()).toEqual([{ kind: "accepted", providerId: "<delivery.7@commonwork.test>" }]);
    expect(server.letters[0]).toContain("Message-ID: <delivery.7@commonwork.test>");
    expect(server.letters[0]).toContain("To: ada@people.test");
    expect(server.letters[0]).toMatch(/text\/plain[\s\S]*text\/html/);
  });

  it("does not fold a header that is signed by others", async () => {
    const { server } = await scene();
    const long = `<https://commonwork.test/unsubscribe/${"a".repeat(120)}>`;
    const one = letter("delivery/7", { headers: { "List-Unsubscribe": long } });
    await smtpMailer({ url: server.url }).send({ key: "delivery/7", letters: [one] }, patient());
    expect(server.letters[0]).toContain(`List-Unsubscribe: ${long}\r\n`);
  });

  it("signs in with the name and password of the URL", async () => {
    const { server, sendOne } = await scene({ AUTH: "535 no" });
    const url = server.url.replace("smtp://", "smtp://me%40home:p%3Aw@");
    await expect(sendOne(url)).rejects.toMatchObject({ name: "MailerSilent" });
    server.answers.AUTH = "235 welcome";
    expect(await sendOne(url)).toMatchObject([{ kind: "accepted" }]);
  });

  it.each([
    ["MAIL", "451 busy"],
    ["RCPT", "450 try later"],
    ["end of data", "451 busy"],
  ] as const)("tries again what %s put off", async (step, answer) => {
    const { server, sendOne } = await scene({ [step]: answer });
    await expect(sendOne()).rejects.toMatchObject({ name: "MailerSilent" });
    expect(server.letters).toEqual([]);
  });

  it.each([
    ["RCPT", "550 no such person"],
    ["end of data", "554 unwanted"],
  ] as const)("takes a refusal at %s as final, and keeps its number alone", async (step, answer) => {
    const { sendOne } = await scene({ [step]: answer });
    expect(await sendOne()).toEqual([{ kind: "refused", reason: `SMTP ${answer.slice(0, 3)}` }]);
  });

  it("does not send again what broke off while it was handed over", async () => {
    const { sendOne } = await scene({ "end of data": "hang up" });
    expect(await sendOne()).toMatchObject([{ kind: "unclear" }]);
  });

  it("tries again when nobody listens", async () => {
    const { sendOne } = await scene();
    await expect(sendOne("smtp://127.0.0.1:1")).rejects.toMatchObject({ name: "MailerSilent" });
  });
});
