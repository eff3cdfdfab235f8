import type { Letter } from "../../src/ports/mailer.ts";

/** A letter about anything. */
export const letter = (key: string, fields: Partial<Letter> = {}): Letter => ({
  key,
  from: "Commonwork <hello@commonwork.test>",
  to: "ada@people.test",
  subject: "Something happened",
  html: "<p>Something happened.</p>",
  text: "Something happened.\n",
  headers: { "X-Entity-Ref-ID": key },
  ...fields,
});

/** Never aborts. */
export const patient = (): AbortSignal => new AbortController().signal;
