import { sql } from "drizzle-orm";
import type { Settings } from "../config/settings.ts";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { hashOfAddress } from "../notifications/recipients.ts";
import type { Email } from "../ports/mailers/mailer.ts";
import { addressIn } from "../scoring/notifications/mailbox.ts";
import type { CheckedDeliveries, CheckedDelivery } from "./check-deliveries.ts";
import type { Addressee, PendingEmail } from "./mailing-contents.ts";
import { renderDigest } from "./render/digest.ts";
import { type Item, type Recipient, type RenderedEmail, renderItem } from "./render/email.ts";
import { DIGEST_SUBJECT, subjectVariant } from "./render/experiments.ts";
import { variantFor } from "./subject-variants.ts";
import { drawToken, keepTokens, type TokenScope } from "./unsubscribe.ts";

/** The content of a row of `emails`. */
export type ComposedEmail = { readonly emailId: string; readonly email: Email };

type Draft = {
  readonly row: PendingEmail;
  readonly addressee: Addressee;
  readonly contents: readonly CheckedDelivery[];
  /** The variant of the subject; null if it is not under test. */
  readonly variant: string | null;
};

type Context = { readonly settings: Settings["email"]; readonly now: Date };

/**
 * Composes the e-mails of a mailing. The result is stored before it is sent, and composed again only if it
 * was certainly not accepted. E-mails without sendable deliveries are left out.
 */
export async function composeEmails(
  tx: Tx,
  pending: readonly PendingEmail[],
  checked: CheckedDeliveries,
  { settings, now }: Context,
): Promise<ComposedEmail[]> {
  const drafts = await draftEmails(tx, pending, checked);
  const tokens: TokenScope[] = [];
  const composed = drafts.map((draft) => {
    const scope = unsubscribeScope(draft);
    // The links of a test do nothing.
    if (scope !== null && settings.testRecipient === null) tokens.push(scope);
    return { emailId: draft.row.id, email: compose(draft, scope?.token ?? null, settings) };
  });
  await keepTokens(tx, tokens, now);
  await recordComposed(tx, drafts, composed, now);
  return composed;
}

async function draftEmails(
  tx: Tx,
  pending: readonly PendingEmail[],
  { sendable, addressees }: CheckedDeliveries,
): Promise<Draft[]> {
  const contentsOf = groupBy(sendable, ({ delivery }) => delivery.emailId);
  const chooseVariant = await variantFor(
    tx,
    pending.map(({ userId }) => userId),
  );
  return pending.flatMap((row): Draft[] => {
    const contents = contentsOf.get(row.id);
    const addressee = addressees.get(row.userId);
    if (contents === undefined || addressee === undefined) return [];
    // A digest of one item is worded like an e-mail about it, the same in all variants.
    const variant = row.digest !== null && contents.length > 1 ? chooseVariant(row.userId) : null;
    return [{ row, addressee, contents, variant }];
  });
}

/**
 * The scope of the unsubscribe link: the e-mail's only type, or all e-mail (`*`). Null for must-send e-mail.
 */
function unsubscribeScope({ row, contents }: Draft): TokenScope | null {
  if (contents.every(({ isMustSend }) => isMustSend)) return null;
  const types = new Set(contents.map(({ eventType }) => eventType));
  const [only] = types;
  const eventType = types.size === 1 && only !== undefined ? only : "*";
  return { token: drawToken(), userId: row.userId, eventType, emailId: row.id, round: row.round };
}

function compose(draft: Draft, token: string | null, settings: Settings["email"]): Email {
  const { row, addressee } = draft;
  const unsubscribeUrl = token === null ? null : `${settings.publicUrl}/unsubscribe/${token}`;
  const address = addressIn(addressee.email) ?? "";
  const recipient: Recipient = {
    name: addressee.name,
    language: addressee.language,
    homeUrl: `${settings.publicUrl}/notifications`,
    preferencesUrl: `${settings.publicUrl}/settings/notifications`,
    unsubscribeUrl,
  };
  const content = contentKey(row);
  const rendered = render(draft, recipient, settings.publicUrl);
  return {
    key: row.round === 1 ? content : `${content}/${row.round}`,
    from: settings.from,
    to: settings.testRecipient ?? address,
    replyTo: settings.replyTo,
    ...rendered,
    subject: settings.testRecipient === null ? rendered.subject : `[for ${address}] ${rendered.subject}`,
    headers: {
      // Keeps Gmail from threading e-mails with equal subjects.
      "X-Entity-Ref-ID": content,
      // Keeps vacation responders from answering (RFC 3834).
      "Auto-Submitted": "auto-generated",
      ...(token === null || unsubscribeUrl === null
        ? {}
        : {
            "List-Unsubscribe": `<${unsubscribeUrl}>${mailtoLink(token, settings.unsubscribeAddress)}`,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          }),
    },
  };
}

/** For mail programs that unsubscribe by e-mail only. */
const mailtoLink = (token: string, address: string | null): string =>
  address === null ? "" : `, <mailto:${encodeURI(address)}?subject=unsubscribe%20${token}>`;

function render({ row, contents, variant }: Draft, recipient: Recipient, publicUrl: string): RenderedEmail {
  const items = contents.map(
    ({ eventType, title, body, link, project, wording }): Item => ({
      eventType,
      title,
      body,
      url: `${publicUrl}${link}`,
      project,
      wording,
    }),
  );
  const [first] = items;
  if (first === undefined) throw new Error(`E-mail ${row.id} has no content.`);
  if (row.digest === null) return renderItem(first, recipient);
  const subject = variant === null ? "count" : subjectVariant(variant);
  return renderDigest({ cadence: row.digest, items }, recipient, subject);
}

/** Identifies what an e-mail contains. No two e-mails that are sent may have the same key. */
const contentKey = ({ deliveryId, digestId }: PendingEmail): string =>
  deliveryId === null ? `digest/${digestId}` : `delivery/${deliveryId}`;

/** Records the variants, and the hashed addresses, by which bounces are attributed. */
async function recordComposed(
  tx: Tx,
  drafts: readonly Draft[],
  composed: readonly ComposedEmail[],
  now: Date,
): Promise<void> {
  if (drafts.length === 0) return;
  await tx.execute(
    sql`update emails m set address_hash = ${hashOfAddress(sql`t.address`)}, variant = t.variant, composed_at = ${now}::timestamptz,
               experiment = case when t.variant is not null then ${DIGEST_SUBJECT.name} end
        from unnest(${array(drafts.map(({ row }) => row.id))}::bigint[], ${array(composed.map(({ email }) => email.to))}::text[],
                    ${array(drafts.map(({ variant }) => variant))}::text[]) as t(id, address, variant)
        where m.id = t.id`,
  );
}
