import { readFileSync } from "node:fs";

/** package.json is one level above src and dist alike. */
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** The version of this program, from its package.json. */
export const VERSION: string = manifest.version;
