/** A complete e-mail. It is rendered once and stored; every attempt sends the same bytes. */
export type Email = {
  /** Identifies the content: `delivery/<id>` or `digest/<id>`. */
  readonly key: string;
  /** `Name <address>`, or an address. */
  readonly from: string;
  /** One address. */
  readonly to: string;
  /** An address, or a name with one. Null: the sender's. */
  readonly replyTo: string | null;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** E-mails sent in one request, under one idempotency key. Neither changes after the first attempt. */
export type Mailing = { readonly key: string; readonly emails: readonly Email[] };

/**
 * The result for one e-mail. `refused`: permanently rejected, because of this e-mail or (`bounce`) its
 * address. `unclear`: it may have been accepted, and sending it again could deliver it twice, so an operator
 * has to decide. Reasons are codes, not the provider's messages, which contain addresses.
 */
export type SendResult =
  | { readonly kind: "accepted"; readonly providerId: string | null }
  | { readonly kind: "refused"; readonly reason: string; readonly bounce: "hard" | "soft" | null }
  | { readonly kind: "unclear"; readonly reason: string };

/** Options of sending a mailing. */
export type HandOver = {
  readonly signal: AbortSignal;
  /**
   * Called before the first byte of an e-mail is sent, if the protocol cannot recognize a repeated e-mail. If
   * it throws, nothing is sent.
   */
  begin(): Promise<void>;
};

/** Sends e-mail. */
export type Mailer = {
  readonly name: "resend" | "smtp" | "file";
  /**
   * Waits for the slot of a request. `key` identifies the request while it waits.
   * @throws MailerBusy if its slot is too far away, or the provider accepts nothing at the moment.
   */
  admit(key: string, signal: AbortSignal): Promise<void>;
  /**
   * Sends a mailing. Where the provider supports idempotency keys, a mailing that was accepted before is not
   * sent again and gets the same results.
   *
   * @returns one result per e-mail, in order.
   * @throws MailerBusy, ChannelFault, MailingRefused, EmailDeferred: nothing was accepted.
   * @throws MailerUnavailable if it is unknown whether it was accepted. It may be sent again under the same
   * key.
   */
  send(mailing: Mailing, handOver: HandOver): Promise<readonly SendResult[]>;
  /** Closes idle connections. */
  close(): Promise<void>;
};

/** Nothing was accepted: the rate limit is used up. */
export class MailerBusy extends Error {
  override readonly name = "MailerBusy";
  readonly retryAfterMs: number;
  constructor(reason: string, retryAfterMs: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Nothing was accepted because of the channel: it is unreachable, or refuses the login or the sender, or a
 * quota is used up. No e-mail is at fault, so all of them wait.
 */
export class ChannelFault extends Error {
  override readonly name = "ChannelFault";
  readonly retryAfterMs: number;
  constructor(reason: string, retryAfterMs: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * This e-mail was not accepted, and it is not certain whether for good, or whose fault it is: greylisting, a
 * policy, a silent server. It is tried again; others are not held up.
 */
export class EmailDeferred extends Error {
  override readonly name = "EmailDeferred";
}

/** A mailing of several e-mails was rejected as a whole, perhaps because of one of them. */
export class MailingRefused extends Error {
  override readonly name = "MailingRefused";
}

/** The provider did not answer, or answered with an error that does not say whether it accepted anything. */
export class MailerUnavailable extends Error {
  override readonly name = "MailerUnavailable";
}
