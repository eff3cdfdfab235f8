import { createHmac } from "node:crypto";
import { type Random, seededRandom } from "../../random.ts";
import type { Community, Member } from "./community.ts";

/** What a delivery of the demo is meant to show. */
export type DeliveryKind =
  | "ordinary"
  | "no-referrer"
  | "suspicious"
  | "unknown-buyer"
  | "repeated"
  | "altered"
  | "unsigned"
  | "unreadable";

/** How many of each: 500 in all. */
export const DELIVERY_COUNTS: Readonly<Record<DeliveryKind, number>> = {
  ordinary: 370,
  "no-referrer": 20,
  suspicious: 20,
  "unknown-buyer": 20,
  repeated: 40,
  altered: 10,
  unsigned: 10,
  unreadable: 10,
};

export type Delivery = {
  readonly kind: DeliveryKind;
  readonly transactionId: string;
  readonly body: string;
  readonly signature: string;
  /** Index of the delivery that this one repeats or contradicts: it goes out once that one has been answered. */
  readonly after: number | null;
};

export type DeliveryOptions = {
  readonly seed: number;
  readonly now: Date;
  readonly secret: string;
  readonly name: string;
};

const DAY_MS = 24 * 3_600_000;

type Sale = { readonly userId: string; readonly amount: string; readonly daysAgo: number };

/**
 * Draws the deliveries of the demo in the order in which they go out, the special ones spread among the ordinary ones.
 * `name` begins every transaction id, so that two demos in one database do not meet.
 */
export function drawDeliveries(community: Community, options: DeliveryOptions): Delivery[] {
  const random = seededRandom(options.seed);
  const buyers = buyersOf(community, random);
  const firsts = FIRST_KINDS.flatMap((kind) =>
    Array.from({ length: DELIVERY_COUNTS[kind] }, (_, n) => ({
      kind,
      sale: saleOf(kind, n, buyers, community, random),
    })),
  );
  const deliveries = random
    .shuffled(firsts)
    .map(({ kind, sale }, index) =>
      firstDelivery(kind, sale, `${options.name}-${String(index + 1).padStart(4, "0")}`, options),
    );
  for (const kind of ["repeated", "altered"] as const) {
    const paid = deliveries.flatMap((delivery, index) => (delivery.kind === "ordinary" ? [index] : []));
    for (const first of random.shuffled(paid).slice(0, DELIVERY_COUNTS[kind])) {
      // Anywhere behind the first one: nothing before it moves, so the indexes that others hold stay right.
      deliveries.push(again(kind, deliveries[first] as Delivery, first, options.secret));
    }
  }
  return spread(deliveries, random);
}

const FIRST_KINDS = [
  "ordinary",
  "no-referrer",
  "suspicious",
  "unknown-buyer",
  "unsigned",
  "unreadable",
] as const;

/** Each buyer buys once, so that no ordinary sale looks like a fraud beside another. */
function buyersOf(community: Community, random: Random): Record<"referred" | "unreferred", Member[]> {
  const members = random.shuffled(community.members);
  return { referred: members.filter((m) => m.isReferred), unreferred: members.filter((m) => !m.isReferred) };
}

function saleOf(
  kind: DeliveryKind,
  n: number,
  buyers: Record<"referred" | "unreferred", Member[]>,
  community: Community,
  random: Random,
): Sale {
  const amount = `${random.between(5, 400)}.${String(random.between(0, 99)).padStart(2, "0")}`;
  const daysAgo = random.between(0, 20 * 24) / 24;
  if (kind === "unknown-buyer") return { userId: String(community.unknownUserIdsFrom + n), amount, daysAgo };
  const buyer = kind === "no-referrer" ? buyers.unreferred.pop() : buyers.referred.pop();
  if (!buyer) throw new Error("The community is too small for the deliveries of the demo.");
  if (kind !== "suspicious") return { userId: buyer.userId, amount, daysAgo };
  // Half of them are far too large for a first sale, half come far too late.
  return n % 2 === 0
    ? { userId: buyer.userId, amount: String(random.between(1_500, 9_000)), daysAgo }
    : { userId: buyer.userId, amount, daysAgo: random.between(35, 60) };
}

function firstDelivery(
  kind: DeliveryKind,
  sale: Sale,
  transactionId: string,
  options: DeliveryOptions,
): Delivery {
  const soldAt = new Date(Math.floor((options.now.getTime() - sale.daysAgo * DAY_MS) / 1_000) * 1_000);
  // A text is what a careless sender makes of an amount; it is refused rather than guessed at.
  const amount = kind === "unreadable" ? `"${sale.amount}"` : sale.amount;
  const body = bodyOf(sale.userId, amount, transactionId, soldAt);
  const signature = kind === "unsigned" ? sign(body, "not the secret") : sign(body, options.secret);
  return { kind, transactionId, body, signature, after: null };
}

const bodyOf = (userId: string, amount: string, transactionId: string, soldAt: Date): string =>
  `{"user_id":${userId},"amount":${amount},"transaction_id":"${transactionId}","currency":"SCICENT","timestamp":"${soldAt.toISOString()}"}`;

const sign = (body: string, secret: string): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** The same bytes once more, or the same key with another amount. */
function again(kind: "repeated" | "altered", first: Delivery, after: number, secret: string): Delivery {
  if (kind === "repeated") return { ...first, kind, after };
  const body = first.body.replace(
    /"amount":(\d+)/,
    (_, whole: string) => `"amount":${Number(whole) + 1_000}`,
  );
  return { kind, transactionId: first.transactionId, body, signature: sign(body, secret), after };
}

/** Mixes the repetitions among the others, each somewhere behind its first. */
function spread(deliveries: readonly Delivery[], random: Random): Delivery[] {
  const placed = deliveries.map((delivery, index) => ({
    delivery,
    index,
    place:
      delivery.after === null ? index : delivery.after + random.next() * (deliveries.length - delivery.after),
  }));
  placed.sort((a, b) => a.place - b.place || a.index - b.index);
  const positions = new Map(placed.map(({ index }, position) => [index, position]));
  return placed.map(({ delivery }) => ({
    ...delivery,
    after: delivery.after === null ? null : (positions.get(delivery.after) ?? null),
  }));
}
