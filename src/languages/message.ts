/**
 * A text with parameters in braces, or its plural forms by the number in one of them:
 * `{ count: { one: "{count} update", other: "{count} updates" } }`. Forms may have forms by another number.
 */
export type Message = string | { readonly [parameter: string]: Forms };

/** A message for each plural category of a language; `other` is also used for those left out. */
export type Forms = { readonly [Category in Exclude<Intl.LDMLPluralRule, "other">]?: Message } & {
  readonly other: Message;
};

/** Markdown that is inserted unescaped; other values are escaped. */
export type Fragment = { readonly markdown: string };

/** A number that is written as a text: the number itself is not known yet, only which plural form it has. */
export type StandIn = { readonly count: number; readonly written: string };
export type Count = number | StandIn;

type Value = string | Count | Fragment;
export type TextValues = Readonly<Record<string, Value>>;

/** The names in the braces of a text. */
type NamesIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** The messages that are the forms of a message with forms. */
type FormsOf<M> = M extends string ? never : { [P in keyof M]: M[P][keyof M[P]] }[keyof M];

type Counted<M> = Message extends M
  ? never
  : M extends string
    ? never
    : (keyof M & string) | Counted<FormsOf<M>>;
type Named<M> = Message extends M ? never : M extends string ? NamesIn<M> : Named<FormsOf<M>>;

/** The parameters of a message. Those that choose a plural form are counts. */
export type ParametersOf<M> = Message extends M ? TextValues : KnownParameters<M>;

type KnownParameters<M> = { readonly [Name in Exclude<Named<M>, Counted<M>>]: Value } & {
  readonly [Name in Counted<M>]: Count;
};

/** How a language chooses plural forms and writes values. */
type Writing = {
  category(count: number): Intl.LDMLPluralRule;
  value(value: Value): string;
};

/** Writes a message with its parameters. A value that contains braces is not read again. */
export const fill = (message: Message, values: TextValues, writing: Writing): string =>
  formOf(message, values, writing).replace(/\{(\w+)\}/g, (braces, name: string) => {
    const value = values[name];
    return value === undefined ? braces : writing.value(value);
  });

function formOf(message: Message, values: TextValues, writing: Writing): string {
  if (typeof message === "string") return message;
  const [parameter, forms] = Object.entries(message)[0] ?? [];
  if (parameter === undefined || forms === undefined) return "";
  return formOf(forms[writing.category(countOf(values[parameter]))] ?? forms.other, values, writing);
}

const countOf = (value: Value | undefined): number =>
  typeof value === "object" && "count" in value ? value.count : Number(value);
