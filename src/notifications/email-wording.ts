/** The parts of the wording that languages translate. */
export type TranslatedWording = "section" | "button" | "reason" | "about";

/** The wording of e-mail about notifications of one type, in the language of the reader. */
export type EmailWording = {
  /** Heading of the type's section in a digest. */
  readonly section: string;
  /** Label of the button. */
  readonly button: string;
  /** Why the user gets it: a sentence. */
  readonly reason: string;
  /** The e-mail that unsubscribing stops. Completes "e-mail about ...". */
  readonly about: string;
  /** At most this many items per section of a plain-text digest; default: 5. HTML shows more. */
  readonly textItems?: number | undefined;
  /** How much of a body digests show, in characters, in plain text too; default: 240, and the title. */
  readonly digestLength?: number | undefined;
};
