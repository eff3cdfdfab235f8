import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The text of a file, by its path from the root of the repository. */
export const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Paths of the files below a folder whose names end so. */
export const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending) && !file.includes("node_modules"))
    .map((file) => join(folder, file));

/** Every page of the repository. */
export const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "THIRD-PARTY-LICENCES.md",
  ...filesIn("docs", ".md"),
  ...filesIn("examples", ".md"),
];

/** The blocks of a page in one language. */
export const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(
    ([, text = ""]) => text,
  );

/** The part of a page below a heading of the second rank, up to the next one. */
export function section(page: string, heading: string): string {
  const [, rest = ""] = page.split(`\n## ${heading}\n`);
  return rest.split("\n## ")[0] ?? "";
}
