/** A complete e-mail. It is rendered once and stored; every attempt sends the same bytes. */
export type Email = {
  /** Identifies the content: `delivery/<id>` or `digest/<id>`. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** E-mails sent in one request, under one idempotency key. Neither changes after the first attempt. */
export type Mailing = { readonly key: string; readonly emails: readonly Email[] };

/**
 * The result for one e-mail. `refused`: permanently rejected. `unclear`: it may have been accepted, and
 * sending it again could deliver it twice, so an operator has to decide. Reasons are codes, not the
 * provider's messages, which contain addresses.
 */
export type SendResult =
  | { readonly kind: "accepted"; readonly providerId: string | null }
  | { readonly kind: "refused" | "unclear"; readonly reason: string };

/** Sends e-mail. */
export type Mailer = {
  readonly name: "resend" | "smtp" | "file";
  /**
   * Sends a mailing. Where the provider supports idempotency keys, a mailing that was accepted before is not
   * sent again and gets the same results.
   *
   * @returns one result per e-mail, in order.
   * @throws MailerBusy if nothing was accepted and the mailing may be sent later.
   * @throws MailerUnavailable if the request failed, or it is unknown whether it was accepted. It may be sent
   * again under the same key.
   */
  send(mailing: Mailing, signal: AbortSignal): Promise<readonly SendResult[]>;
};

/** Nothing was accepted: the rate limit is used up, or another attempt is still running. */
export class MailerBusy extends Error {
  override readonly name = "MailerBusy";
  readonly retryAfterMs: number;
  constructor(reason: string, retryAfterMs: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The provider did not answer, or answered with an error that is not about the e-mails. */
export class MailerUnavailable extends Error {
  override readonly name = "MailerUnavailable";
}
