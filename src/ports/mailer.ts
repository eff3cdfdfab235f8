/** One e-mail, complete. It is made once and stored; every try sends these bytes. */
export type Letter = {
  /** Names its content for ever: `delivery/<id>` or `digest/<id>`. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Letters that are handed over together, under one key. Frozen before the first try: neither letters nor key change after it. */
export type Batch = { readonly key: string; readonly letters: readonly Letter[] };

/**
 * What became of one letter. `refused`: it was not taken and never will be. `unclear`: it may have been taken, and asking again could
 * send it twice, so a person has to look. Reasons are codes, never texts of the other side: those hold addresses.
 */
export type LetterFate =
  | { readonly kind: "accepted"; readonly providerId: string | null }
  | { readonly kind: "refused" | "unclear"; readonly reason: string };

/** The way of e-mail out of the house. */
export type Mailer = {
  readonly name: "resend" | "smtp" | "file";
  /**
   * Hands a batch over. A batch that was taken before, under the same key and with the same letters, is answered again and not sent
   * again, where the other side can do that.
   *
   * @returns the fate of each letter, in order.
   * @throws MailerBusy when nothing was taken and the same batch is welcome later.
   * @throws MailerSilent when it is not known whether it was taken: it may be sent again under the same key.
   */
  send(batch: Batch, signal: AbortSignal): Promise<readonly LetterFate[]>;
};

/** Nothing was taken: the rate is used up, or another try of the same batch is under way. */
export class MailerBusy extends Error {
  override readonly name = "MailerBusy";
  readonly retryAfterMs: number;
  constructor(reason: string, retryAfterMs: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or none that says whether the batch was taken. */
export class MailerSilent extends Error {
  override readonly name = "MailerSilent";
}
