import type { Email } from "../../src/ports/mailers/mailer.ts";

/** A valid e-mail. */
export const sampleEmail = (key: string, fields: Partial<Email> = {}): Email => ({
  key,
  from: "Commonwork <hello@commonwork.test>",
  to: "ada@people.test",
  subject: "Something happened",
  html: "<p>Something happened.</p>",
  text: "Something happened.\n",
  headers: { "X-Entity-Ref-ID": key },
  ...fields,
});

/** A signal that never aborts. */
export const neverAborts = (): AbortSignal => new AbortController().signal;
