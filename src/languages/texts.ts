import { escapeMarkdown } from "./escape-markdown.ts";
import { type Formats, formatsOf } from "./formats.ts";
import { ENGLISH, type Language } from "./language.ts";
import { fill, type Message, type ParametersOf, type TextValues } from "./message.ts";

export type Texts = Readonly<Record<string, Message>>;

/** Translations of some texts of a set, by the tag of the language. */
export type Translations<Key extends string = string> = Readonly<
  Record<string, Readonly<Partial<Record<Key, Message>>>>
>;

/** Texts in English. A translation is beside them, or in the file of the language under the set's name. */
export type TextSet<T extends Texts = Texts> = {
  readonly name: string;
  readonly english: T;
  readonly translations?: Translations | undefined;
};

export const defineTexts = <const T extends Texts>(name: string, english: T): TextSet<T> => ({
  name,
  english,
});

/** Parameters are left out where a text has none. */
type Arguments<M> = keyof ParametersOf<M> extends never ? [] : [parameters: ParametersOf<M>];

/** Writes the texts of a set in a language. */
export type Phrases<T extends Texts> = {
  /** Without markup. */
  plain<Key extends keyof T & string>(key: Key, ...parameters: Arguments<T[Key]>): string;
  /** Markdown: values are escaped, except fragments. */
  markdown<Key extends keyof T & string>(key: Key, ...parameters: Arguments<T[Key]>): string;
};

/** The texts of a set in a language, or in English where it has no translation. */
export function phrasesIn<T extends Texts>(
  language: Language,
  { name, english, translations }: TextSet<T>,
): Phrases<T> {
  const [beside, inFile] = [translations?.[language.tag], language.texts[name]];
  const write = (escaped: (text: string) => string) => {
    const inLanguage = writingOf(formatsOf(language.tag), escaped);
    const inEnglish = writingOf(formatsOf(ENGLISH.tag), escaped);
    return (key: string, values: TextValues = {}): string => {
      const translation = beside?.[key] ?? inFile?.[key];
      return translation === undefined
        ? fill(english[key] as Message, values, inEnglish)
        : fill(translation, values, inLanguage);
    };
  };
  return { plain: write((text) => text), markdown: write(escapeMarkdown) } as Phrases<T>;
}

const writingOf = (formats: Formats, escaped: (text: string) => string) => ({
  category: formats.category,
  value: (value: TextValues[string]): string => {
    if (typeof value === "number") return formats.number(value);
    if (typeof value === "string") return escaped(value);
    return "written" in value ? value.written : value.markdown;
  },
});
