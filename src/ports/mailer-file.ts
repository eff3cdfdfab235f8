import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTransport } from "nodemailer";
import type { Letter, Mailer } from "./mailer.ts";
import { mailOf } from "./mailer-smtp.ts";

/** Writes letters as .eml files, which every mail program opens. What runs without a key of a mail service sends nothing to anybody. */
export function fileMailer({ folder }: { readonly folder: string }): Mailer {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const place = resolve(folder);
  const write = async (letter: Letter): Promise<string> => {
    const name = `${letter.key.replace(/[^\w.-]/g, "-")}.eml`;
    const path = join(place, name);
    if (await exists(path)) return name;
    const { message } = await composer.sendMail(mailOf(letter));
    // A reader never sees half a letter.
    await writeFile(`${path}.part`, message as Buffer);
    await rename(`${path}.part`, path);
    return name;
  };
  return {
    name: "file",
    async send({ letters }) {
      await mkdir(place, { recursive: true });
      const names: string[] = [];
      for (const letter of letters) names.push(await write(letter));
      return names.map((providerId) => ({ kind: "accepted", providerId }));
    },
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
