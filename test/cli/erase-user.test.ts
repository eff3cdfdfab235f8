import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { user } from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

const letterTo = (address: string) => `From: a@b.test\r\nTo: ${address}\r\nSubject: Hello\r\n\r\nBody\r\n`;

test("commonwork erase-user needs a reason and a confirmation, previews, erases, and deletes e-mails in files", async () => {
  const world = await createWorld();
  const folder = await mkdtemp(join(tmpdir(), "emails-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "hers.eml"), letterTo("Ada.Quick@people.test"));
  await writeFile(join(folder, "his.eml"), letterTo("bo@people.test"));
  const userId = await user(world, { name: "Ada Quick", email: "ada.quick@people.test" });
  await world.query("update users set host_id = 'host-ada' where id = $1", [userId]);
  const run = (...words: string[]) =>
    cli({ ...environmentOf(world), EMAIL_FOLDER: folder }, "erase-user", ...words);
  const named = async () => (await world.query("select 1 from users where name = 'Ada Quick'")).length;

  expect(await run("host-ada", "--yes")).toMatchObject({ code: 1, err: expect.stringContaining("--reason") });
  expect(await run("host-ada", "--reason=asked")).toMatchObject({
    code: 1,
    err: expect.stringContaining("--yes"),
  });
  expect(await run("host-ada", "--dry-run")).toMatchObject({
    code: 0,
    out: expect.stringContaining("users: erase 1"),
  });
  expect([await named(), await readdir(folder)]).toEqual([1, ["hers.eml", "his.eml"]]);

  const erased = await run("host-ada", "--reason=asked", "--yes");
  expect(erased).toMatchObject({ code: 0, out: expect.stringContaining("users 1") });
  expect(erased.out).toContain("files deleted from EMAIL_FOLDER: 1");
  expect([await named(), await readdir(folder)]).toEqual([0, ["his.eml"]]);
  expect(await run("host-ada", "--reason=asked", "--yes")).toMatchObject({
    code: 1,
    err: "There is no user host-ada.\n",
  });
});
