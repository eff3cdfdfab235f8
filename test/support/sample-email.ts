import type { Email, HandOver } from "../../src/ports/mailers/mailer.ts";

/** A valid e-mail. */
export const sampleEmail = (key: string, fields: Partial<Email> = {}): Email => ({
  key,
  from: "Commonwork <hello@commonwork.test>",
  to: "ada@people.test",
  replyTo: null,
  subject: "Something happened",
  html: "<p>Something happened.</p>",
  text: "Something happened.\n",
  headers: { "X-Entity-Ref-ID": key },
  ...fields,
});

/** Hands an e-mail over without an end to the patience, and without noting it. */
export const patiently = (): HandOver => ({
  signal: new AbortController().signal,
  begin: async () => undefined,
});
