import { createHmac } from "node:crypto";
import { type Random, seededRandom } from "../../random.ts";
import type { Community, Member } from "./community.ts";

/** The case that a call demonstrates. */
export type CallKind =
  | "ordinary"
  | "no-referrer"
  | "suspicious"
  | "unknown-buyer"
  | "repeated"
  | "altered"
  | "unsigned"
  | "unreadable";

/** How many of each; 500 in total. */
export const CALL_COUNTS: Readonly<Record<CallKind, number>> = {
  ordinary: 370,
  "no-referrer": 20,
  suspicious: 20,
  "unknown-buyer": 20,
  repeated: 40,
  altered: 10,
  unsigned: 10,
  unreadable: 10,
};

export type WebhookCall = {
  readonly kind: CallKind;
  readonly transactionId: string;
  readonly body: string;
  readonly signature: string;
  /** Index of the call that this one repeats or contradicts. It is sent after that one has been answered. */
  readonly after: number | null;
};

export type CallOptions = {
  readonly seed: number;
  readonly now: Date;
  readonly secret: string;
  readonly name: string;
};

const DAY_MS = 24 * 3_600_000;

type Sale = { readonly userId: string; readonly amount: string; readonly daysAgo: number };

/**
 * Draws the calls in sending order, with the special ones spread among the ordinary ones. Every transaction
 * id is prefixed with `name`, so that two demos in one database do not collide.
 */
export function drawCalls(community: Community, options: CallOptions): WebhookCall[] {
  const random = seededRandom(options.seed);
  const buyers = buyersOf(community, random);
  const firsts = FIRST_KINDS.flatMap((kind) =>
    Array.from({ length: CALL_COUNTS[kind] }, (_, n) => ({
      kind,
      sale: saleOf(kind, n, buyers, community, random),
    })),
  );
  const calls = random
    .shuffled(firsts)
    .map(({ kind, sale }, index) =>
      firstCall(kind, sale, `${options.name}-${String(index + 1).padStart(4, "0")}`, options),
    );
  for (const kind of ["repeated", "altered"] as const) {
    const paid = calls.flatMap((call, index) => (call.kind === "ordinary" ? [index] : []));
    for (const first of random.shuffled(paid).slice(0, CALL_COUNTS[kind])) {
      // Appended, so the indexes that others hold stay valid.
      calls.push(again(kind, calls[first] as WebhookCall, first, options.secret));
    }
  }
  return spread(calls, random);
}

const FIRST_KINDS = [
  "ordinary",
  "no-referrer",
  "suspicious",
  "unknown-buyer",
  "unsigned",
  "unreadable",
] as const;

/** Each buyer buys once, so that no ordinary sale trips a fraud check. */
function buyersOf(community: Community, random: Random): Record<"referred" | "unreferred", Member[]> {
  const members = random.shuffled(community.members);
  return { referred: members.filter((m) => m.isReferred), unreferred: members.filter((m) => !m.isReferred) };
}

function saleOf(
  kind: CallKind,
  n: number,
  buyers: Record<"referred" | "unreferred", Member[]>,
  community: Community,
  random: Random,
): Sale {
  const amount = `${random.between(5, 400)}.${String(random.between(0, 99)).padStart(2, "0")}`;
  const daysAgo = random.between(0, 20 * 24) / 24;
  if (kind === "unknown-buyer") return { userId: String(community.unknownUserIdsFrom + n), amount, daysAgo };
  const buyer = kind === "no-referrer" ? buyers.unreferred.pop() : buyers.referred.pop();
  if (!buyer) throw new Error("The community has too few members for the demo.");
  if (kind !== "suspicious") return { userId: buyer.userId, amount, daysAgo };
  // Half are far too large for a first purchase, half arrive far too late.
  return n % 2 === 0
    ? { userId: buyer.userId, amount: String(random.between(1_500, 9_000)), daysAgo }
    : { userId: buyer.userId, amount, daysAgo: random.between(35, 60) };
}

function firstCall(kind: CallKind, sale: Sale, transactionId: string, options: CallOptions): WebhookCall {
  const soldAt = new Date(Math.floor((options.now.getTime() - sale.daysAgo * DAY_MS) / 1_000) * 1_000);
  // A common sender error. It is rejected; no value is guessed.
  const amount = kind === "unreadable" ? `"${sale.amount}"` : sale.amount;
  const body = bodyOf(sale.userId, amount, transactionId, soldAt);
  const signature = kind === "unsigned" ? sign(body, "not the secret") : sign(body, options.secret);
  return { kind, transactionId, body, signature, after: null };
}

const bodyOf = (userId: string, amount: string, transactionId: string, soldAt: Date): string =>
  `{"user_id":${userId},"amount":${amount},"transaction_id":"${transactionId}","currency":"SCICENT","timestamp":"${soldAt.toISOString()}"}`;

const sign = (body: string, secret: string): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** The same bytes again, or the same transaction id with another amount. */
function again(kind: "repeated" | "altered", first: WebhookCall, after: number, secret: string): WebhookCall {
  if (kind === "repeated") return { ...first, kind, after };
  const body = first.body.replace(
    /"amount":(\d+)/,
    (_, whole: string) => `"amount":${Number(whole) + 1_000}`,
  );
  return { kind, transactionId: first.transactionId, body, signature: sign(body, secret), after };
}

/** Mixes repetitions among the others, each somewhere after its original. */
function spread(calls: readonly WebhookCall[], random: Random): WebhookCall[] {
  const placed = calls.map((call, index) => ({
    call,
    index,
    at: call.after === null ? index : call.after + random.next() * (calls.length - call.after),
  }));
  placed.sort((a, b) => a.at - b.at || a.index - b.index);
  const positions = new Map(placed.map(({ index }, position) => [index, position]));
  return placed.map(({ call }) => ({
    ...call,
    after: call.after === null ? null : (positions.get(call.after) ?? null),
  }));
}
