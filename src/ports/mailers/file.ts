import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Email, Mailer } from "./mailer.ts";
import { composeMessage } from "./message.ts";

/**
 * Writes e-mails as .eml files, which mail programs open. The default without credentials: nothing is sent.
 */
export function fileMailer({ folder }: { readonly folder: string }): Mailer {
  const directory = resolve(folder);
  const write = async (email: Email): Promise<string> => {
    const name = `${email.key.replace(/[^\w.-]/g, "-")}.eml`;
    const path = join(directory, name);
    if (await exists(path)) return name;
    const { bytes } = await composeMessage(email);
    // Renamed when complete, so that nobody reads a partial file.
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
    return name;
  };
  return {
    name: "file",
    admit: async () => undefined,
    async send({ emails }) {
      await mkdir(directory, { recursive: true });
      const names: string[] = [];
      for (const email of emails) names.push(await write(email));
      return names.map((providerId) => ({ kind: "accepted", providerId }));
    },
    close: async () => undefined,
  };
}

/** Deletes the e-mails that were written for an address. @returns how many. */
export async function deleteEmailsTo(folder: string, address: string): Promise<number> {
  const directory = resolve(folder);
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".eml"));
  let deleted = 0;
  for (const name of names) {
    const [headers = ""] = (await readFile(join(directory, name), "utf8")).split("\r\n\r\n");
    const to = /^To: (.*)$/im.exec(headers)?.[1] ?? "";
    if (!to.toLowerCase().includes(address.toLowerCase())) continue;
    await rm(join(directory, name));
    deleted += 1;
  }
  return deleted;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
