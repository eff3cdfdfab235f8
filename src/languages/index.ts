import { readdirSync } from "node:fs";
import { ENGLISH, type Language } from "./language.ts";

/** `de.ts`, or `de.js` in a build: the files of this folder that are named by a tag. */
const LANGUAGE_FILE = /^([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.[jt]s$/;

const tags = readdirSync(new URL(".", import.meta.url))
  .flatMap((file) => LANGUAGE_FILE.exec(file)?.[1] ?? [])
  .sort();

const load = async (tag: string): Promise<Language> => {
  const { language } = (await import(/* @vite-ignore */ `./${tag}.ts`)) as { readonly language: Language };
  return language;
};

/** The languages in which users are written to: English, the fallback, and one for each language file. */
export const LANGUAGES: readonly Language[] = [ENGLISH, ...(await Promise.all(tags.map(load)))];
