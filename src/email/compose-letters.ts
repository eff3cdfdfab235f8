import { sql } from "drizzle-orm";
import type { Settings } from "../config/settings.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { hashOfAddress } from "../notifications/address.ts";
import type { Letter } from "../ports/mailer.ts";
import type { Addressee, PendingEmail } from "./batch-contents.ts";
import type { Checked, CheckedItem } from "./check-deliveries.ts";
import { renderDigest } from "./render/digest.ts";
import { assignedVariant, DIGEST_SUBJECT, subjectVariant } from "./render/experiments.ts";
import { type Item, type Recipient, type Rendered, renderItem } from "./render/letters.ts";
import { drawToken, keepTokens, type TokenScope } from "./unsubscribe.ts";

/** A letter, and the e-mail that it is the content of. */
export type ComposedLetter = { readonly emailId: string; readonly letter: Letter };

type Draft = {
  readonly email: PendingEmail;
  readonly person: Addressee;
  readonly items: readonly CheckedItem[];
  readonly variant: string | null;
};

/** Writes the letters of a batch, once: what is stored of them now is what every try sends. */
export async function composeLetters(
  tx: Tx,
  emails: readonly PendingEmail[],
  { items, people }: Checked,
  { settings, now }: { readonly settings: Settings["email"]; readonly now: Date },
): Promise<ComposedLetter[]> {
  const byEmail = groupBy(items, ({ delivery }) => delivery.emailId);
  const variants = await keptVariants(tx, emails);
  const drafts = emails.flatMap((email): Draft[] => {
    const told = byEmail.get(email.id);
    const person = people.get(email.userId);
    if (told === undefined || person === undefined) return [];
    // Only what has several wordings is part of an experiment.
    const variant =
      email.kind !== null && told.length > 1
        ? (variants.get(email.userId) ?? assignedVariant(DIGEST_SUBJECT, email.userId))
        : null;
    return [{ email, person, items: told, variant }];
  });
  const tokens: TokenScope[] = [];
  const letters = drafts.map((draft) => {
    const scope = scopeOf(draft);
    if (scope !== null) tokens.push(scope);
    return { emailId: draft.email.id, letter: letterOf(draft, scope?.token ?? null, settings) };
  });
  await keepTokens(tx, tokens, now);
  await noteWhatIsSent(tx, drafts, letters);
  return letters;
}

/** What the link of a letter ends: its one type, or with several types everything. Null for what must be sent. */
function scopeOf({ email, items }: Draft): TokenScope | null {
  if (items.every(({ isMustSend }) => isMustSend)) return null;
  const types = new Set(items.map(({ eventType }) => eventType));
  const [only] = types;
  const eventType = types.size === 1 && only !== undefined ? only : "*";
  return { token: drawToken(), userId: email.userId, eventType, emailId: email.id };
}

function letterOf(draft: Draft, token: string | null, settings: Settings["email"]): Letter {
  const { email, person } = draft;
  const unsubscribeUrl = token === null ? null : `${settings.publicUrl}/unsubscribe/${token}`;
  const rendered = render(
    draft,
    {
      name: person.name,
      homeUrl: `${settings.publicUrl}/notifications`,
      preferencesUrl: `${settings.publicUrl}/settings/notifications`,
      unsubscribeUrl,
    },
    settings.publicUrl,
  );
  const content = contentKey(email);
  return {
    key: email.round === 1 ? content : `${content}/${email.round}`,
    from: settings.from,
    to: settings.testRecipient ?? person.email,
    ...rendered,
    headers: {
      // Mail programs would else put letters with one subject into one conversation.
      "X-Entity-Ref-ID": content,
      ...(unsubscribeUrl === null
        ? {}
        : {
            "List-Unsubscribe": `<${unsubscribeUrl}>`,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          }),
    },
  };
}

function render({ email, items, variant }: Draft, recipient: Recipient, publicUrl: string): Rendered {
  const told = items.map(
    ({ eventType, title, body, link, project }): Item => ({
      eventType,
      title,
      body,
      url: `${publicUrl}${link}`,
      project,
    }),
  );
  const [first] = told;
  if (first === undefined) throw new Error(`The e-mail ${email.id} tells nothing.`);
  if (email.kind === null) return renderItem(first, recipient);
  return renderDigest(
    { kind: email.kind, items: told },
    recipient,
    variant === null ? "count" : subjectVariant(variant),
  );
}

/** Names what an e-mail tells, for ever: two e-mails of one key are one too many. */
export const contentKey = ({
  deliveryId,
  digestId,
}: Pick<PendingEmail, "deliveryId" | "digestId">): string =>
  deliveryId === null ? `digest/${digestId}` : `delivery/${deliveryId}`;

/** Who was shown a variant keeps it, whatever becomes of the shares. */
async function keptVariants(tx: Tx, emails: readonly PendingEmail[]): Promise<Map<string, string>> {
  const found = await rows<{ userId: string; variant: string }>(
    tx,
    sql`select user_id as "userId", variant from experiment_exposures
        where experiment = ${DIGEST_SUBJECT.name} and user_id = any(${array(emails.map(({ userId }) => userId))}::bigint[])`,
  );
  const known = new Set<string>(DIGEST_SUBJECT.variants.map(({ name }) => name));
  return new Map(
    found.filter(({ variant }) => known.has(variant)).map(({ userId, variant }) => [userId, variant]),
  );
}

/** The variant, and the address as a hash: a bounce is found by it. */
async function noteWhatIsSent(
  tx: Tx,
  drafts: readonly Draft[],
  letters: readonly ComposedLetter[],
): Promise<void> {
  if (drafts.length === 0) return;
  await tx.execute(
    sql`update emails m set address_hash = ${hashOfAddress(sql`t.address`)}, variant = t.variant,
               experiment = case when t.variant is not null then ${DIGEST_SUBJECT.name} end
        from unnest(${array(drafts.map(({ email }) => email.id))}::bigint[], ${array(letters.map(({ letter }) => letter.to))}::text[],
                    ${array(drafts.map(({ variant }) => variant))}::text[]) as t(id, address, variant)
        where m.id = t.id`,
  );
}
