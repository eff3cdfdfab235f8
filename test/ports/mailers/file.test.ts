import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fileMailer } from "../../../src/ports/mailers/file.ts";
import { patiently, sampleEmail } from "../../support/sample-email.ts";

async function scene() {
  const parent = await mkdtemp(join(tmpdir(), "cw-mail-"));
  onTestFinished(() => rm(parent, { recursive: true }));
  const folder = join(parent, "not", "there", "yet");
  return { folder, mailer: fileMailer({ folder }) };
}

it("writes an e-mail as an .eml file with both of its texts", async () => {
  const { folder, mailer } = await scene();
  const one = sampleEmail("delivery/7", {
    subject: "Grüße",
    headers: { "List-Unsubscribe": "<https://x.test/u>" },
  });
  const results = await mailer.send({ key: "delivery/7", emails: [one] }, patiently());
  expect(results).toEqual([{ kind: "accepted", providerId: "delivery-7.eml" }]);
  const text = await readFile(join(folder, "delivery-7.eml"), "utf8");
  expect(text).toContain("List-Unsubscribe: <https://x.test/u>\r\n");
  expect(text).toContain("Subject: =?UTF-8?");
  expect(text).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*text\/html/);
});

it("writes each e-mail once", async () => {
  const { folder, mailer } = await scene();
  await mailer.send(
    { key: "batch/1", emails: [sampleEmail("delivery/1"), sampleEmail("digest/1")] },
    patiently(),
  );
  const before = await readFile(join(folder, "digest-1.eml"), "utf8");
  await mailer.send({ key: "batch/2", emails: [sampleEmail("digest/1", { subject: "Other" })] }, patiently());
  expect((await readdir(folder)).sort()).toEqual(["delivery-1.eml", "digest-1.eml"]);
  expect(await readFile(join(folder, "digest-1.eml"), "utf8")).toBe(before);
});

it("a key cannot lead out of the folder", async () => {
  const { folder, mailer } = await scene();
  await mailer.send({ key: "../../x", emails: [sampleEmail("../../x")] }, patiently());
  expect(await readdir(folder)).toEqual([".._.._x.eml".replaceAll("_", "-")]);
});
