import type { Message } from "./message.ts";

/** A language in which users are written to. */
export type Language = {
  /** Its BCP 47 tag, which also chooses the forms of dates, numbers, lists and plurals. */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
  /**
   * Translations by the name of a text set and the key of a text. Texts that neither these nor the set
   * translate are in English.
   */
  readonly texts: Readonly<Record<string, Readonly<Record<string, Message>>>>;
};

/** English. Its texts are where they are used: in the files of notification types, of e-mail and of pages. */
export const ENGLISH: Language = { tag: "en", direction: "ltr", texts: {} };
