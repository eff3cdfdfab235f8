import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fileMailer } from "../../src/ports/mailer-file.ts";
import { letter, patient } from "../support/letters.ts";

async function scene() {
  const parent = await mkdtemp(join(tmpdir(), "cw-mail-"));
  onTestFinished(() => rm(parent, { recursive: true }));
  const folder = join(parent, "not", "there", "yet");
  return { folder, mailer: fileMailer({ folder }) };
}

it("writes a letter as a file that mail programs open, with both of its texts", async () => {
  const { folder, mailer } = await scene();
  const one = letter("delivery/7", {
    subject: "Grüße",
    headers: { "List-Unsubscribe": "<https://x.test/u>" },
  });
  const fates = await mailer.send({ key: "delivery/7", letters: [one] }, patient());
  expect(fates).toEqual([{ kind: "accepted", providerId: "delivery-7.eml" }]);
  const text = await readFile(join(folder, "delivery-7.eml"), "utf8");
  expect(text).toContain("List-Unsubscribe: <https://x.test/u>\r\n");
  expect(text).toContain("Subject: =?UTF-8?");
  expect(text).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*text\/html/);
});

it("writes each letter once, however often it is told", async () => {
  const { folder, mailer } = await scene();
  await mailer.send({ key: "batch/1", letters: [letter("delivery/1"), letter("digest/1")] }, patient());
  const before = await readFile(join(folder, "digest-1.eml"), "utf8");
  await mailer.send({ key: "batch/2", letters: [letter("digest/1", { subject: "Other" })] }, patient());
  expect((await readdir(folder)).sort()).toEqual(["delivery-1.eml", "digest-1.eml"]);
  expect(await readFile(join(folder, "digest-1.eml"), "utf8")).toBe(before);
});

it("a key leads to nowhere outside of the folder", async () => {
  const { folder, mailer } = await scene();
  await mailer.send({ key: "../../x", letters: [letter("../../x")] }, patient());
  expect(await readdir(folder)).toEqual([".._.._x.eml".replaceAll("_", "-")]);
});
