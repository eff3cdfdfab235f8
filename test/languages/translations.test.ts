import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DIGEST_TEXTS, EMAIL_TEXTS } from "../../src/email/render/texts.ts";
import { UNSUBSCRIBE_TEXTS } from "../../src/http/unsubscribe-texts.ts";
import { LANGUAGES } from "../../src/languages/index.ts";
import { ENGLISH, type Language } from "../../src/languages/language.ts";
import type { Forms, Message } from "../../src/languages/message.ts";
import type { TextSet } from "../../src/languages/texts.ts";
import { NOTIFICATION_TYPES } from "../../src/notifications/index.ts";
import { COMMON_TEXTS } from "../../src/notifications/wording.ts";

const DEFINED: readonly TextSet[] = [COMMON_TEXTS, EMAIL_TEXTS, DIGEST_TEXTS, UNSUBSCRIBE_TEXTS];

/** Every text of users, in English. */
const SETS: readonly TextSet[] = [
  ...DEFINED,
  ...NOTIFICATION_TYPES.map(({ event, texts, email }) => ({
    name: event.type,
    english: {
      ...(texts as TextSet["english"]),
      ...(email && {
        section: email.section,
        button: email.button,
        reason: email.reason,
        about: email.about,
      }),
    },
  })),
];

const keysOf = (texts: Language["texts"]): string[] =>
  Object.entries(texts).flatMap(([set, ofSet]) => Object.keys(ofSet).map((key) => `${set}: ${key}`));

const ENGLISH_TEXTS = Object.fromEntries(SETS.map(({ name, english }) => [name, english]));

/** All strings of a message, with the plural categories that lead to each. */
function stringsOf(message: Message, path = ""): [path: string, text: string][] {
  if (typeof message === "string") return [[path, message]];
  return Object.entries(message).flatMap(([parameter, forms]) =>
    Object.entries(forms).flatMap(([category, form]) => stringsOf(form, `${path} ${parameter}=${category}`)),
  );
}

function formsOf(message: Message): Forms[] {
  if (typeof message === "string") return [];
  return Object.values(message).flatMap((forms) => [forms, ...Object.values(forms).flatMap(formsOf)]);
}

/** The parameters that a message names, in braces or to choose a form. */
function parametersOf(message: Message): string[] {
  const inBraces = stringsOf(message).flatMap(([, text]) =>
    [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string),
  );
  return [...new Set([...inBraces, ...choosersOf(message)])].sort();
}

const choosersOf = (message: Message): string[] =>
  typeof message === "string"
    ? []
    : Object.entries(message).flatMap(([parameter, forms]) => [
        parameter,
        ...Object.values(forms).flatMap(choosersOf),
      ]);

it("every set of texts is among those that are checked here", () => {
  const src = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const defined = files.flatMap((file) =>
    [...readFileSync(join(src, file), "utf8").matchAll(/ = defineTexts\("([\w-]+)"/g)].map(
      ([, name]) => name,
    ),
  );
  expect(defined.sort()).toEqual(DEFINED.map(({ name }) => name).sort());
});

it("every file that is named by a tag is a language, by its tag", () => {
  const files = readdirSync(fileURLToPath(new URL("../../src/languages", import.meta.url)));
  const named = files.filter((file) => /^[a-z]{2,3}(-\w+)*\.ts$/.test(file));
  expect(LANGUAGES.map(({ tag }) => `${tag}.ts`)).toEqual([`${ENGLISH.tag}.ts`, ...named]);
});

it("a type has translations into languages that exist, and of texts that their files lack", () => {
  for (const { event, translations = {} } of NOTIFICATION_TYPES)
    for (const [tag, texts] of Object.entries(translations)) {
      const inFile = LANGUAGES.find((language) => language.tag === tag)?.texts[event.type] ?? {};
      expect(LANGUAGES.map((language) => language.tag)).toContain(tag);
      expect(Object.keys(texts).filter((key) => key in inFile)).toEqual([]);
    }
});

/** The texts of a language, in its file and in those of notification types. */
function textsOf(language: Language): Language["texts"] {
  const ofTypes = NOTIFICATION_TYPES.map(({ event, translations }): [string, Language["texts"][string]] => [
    event.type,
    { ...language.texts[event.type], ...translations?.[language.tag] } as Language["texts"][string],
  ]);
  return { ...language.texts, ...Object.fromEntries(ofTypes) };
}

describe.each(LANGUAGES.map((language) => [language.tag, language] as const))(
  "the language %s",
  (_, language) => {
    const texts = language === ENGLISH ? ENGLISH_TEXTS : textsOf(language);

    it("has a canonical tag that Intl knows", () => {
      expect(Intl.getCanonicalLocales(language.tag)).toEqual([language.tag]);
      expect(Intl.PluralRules.supportedLocalesOf(language.tag)).toEqual([language.tag]);
    });

    it("has every text, and no other", () => {
      const expected = keysOf(ENGLISH_TEXTS);
      const found = keysOf(texts);
      expect({
        missing: expected.filter((key) => !found.includes(key)),
        unknown: found.filter((key) => !expected.includes(key)),
      }).toEqual({ missing: [], unknown: [] });
    });

    it("has the parameters of the English text in each, and none that is empty", () => {
      for (const [set, english] of Object.entries(ENGLISH_TEXTS))
        for (const [key, message] of Object.entries(english)) {
          const translation = texts[set]?.[key];
          if (translation === undefined) continue;
          expect([set, key, ...parametersOf(translation)]).toEqual([set, key, ...parametersOf(message)]);
          for (const [path, text] of stringsOf(translation))
            expect(text.trim(), `${set}: ${key}${path}`).toBe(text);
          expect(stringsOf(translation).every(([, text]) => text !== "")).toBe(true);
        }
    });

    it("has a form for each of its plural categories, and no other", () => {
      const categories = new Intl.PluralRules(language.tag).resolvedOptions().pluralCategories;
      for (const [set, ofSet] of Object.entries(texts))
        for (const [key, message] of Object.entries(ofSet))
          for (const forms of formsOf(message))
            expect([set, key, ...Object.keys(forms).sort()]).toEqual([set, key, ...[...categories].sort()]);
    });

    it("has markup in pairs in each text", () => {
      for (const [set, ofSet] of Object.entries(texts))
        for (const [key, message] of Object.entries(ofSet))
          for (const [path, text] of stringsOf(message))
            expect((text.match(/\*\*/g)?.length ?? 0) % 2, `${set}: ${key}${path}`).toBe(0);
    });
  },
);
