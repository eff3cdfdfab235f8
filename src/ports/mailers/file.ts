import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTransport } from "nodemailer";
import type { Email, Mailer } from "./mailer.ts";
import { messageOf } from "./smtp.ts";

/**
 * Writes e-mails as .eml files, which mail programs open. The default without credentials: nothing is sent.
 */
export function fileMailer({ folder }: { readonly folder: string }): Mailer {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const directory = resolve(folder);
  const write = async (email: Email): Promise<string> => {
    const name = `${email.key.replace(/[^\w.-]/g, "-")}.eml`;
    const path = join(directory, name);
    if (await exists(path)) return name;
    const { message } = await composer.sendMail(messageOf(email));
    // Renamed when complete, so that nobody reads half a file.
    await writeFile(`${path}.part`, message as Buffer);
    await rename(`${path}.part`, path);
    return name;
  };
  return {
    name: "file",
    async send({ emails }) {
      await mkdir(directory, { recursive: true });
      const names: string[] = [];
      for (const email of emails) names.push(await write(email));
      return names.map((providerId) => ({ kind: "accepted", providerId }));
    },
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
