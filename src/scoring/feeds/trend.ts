import { recencyOf } from "./feed-score.ts";

export const TREND = {
  halfLifeMs: 12 * 3_600_000,
  /** A post trends for this long, by engagement of this time. */
  windowMs: 48 * 3_600_000,
  /** Distinct people who must have engaged. */
  minActors: 5,
  weights: { like: 1, comment: 2, share: 3 },
  /** Younger accounts do not count, since new accounts cost nothing. */
  accountAgeMs: 24 * 3_600_000,
} as const;

export type TrendKind = keyof typeof TREND.weights;

/** An engagement of a user with a post. Times in ms. */
export type PostEngagement = {
  readonly id: number;
  readonly actorId: number;
  readonly kind: TrendKind;
  readonly at: number;
  readonly isTakenBack: boolean;
  /** When the account of the actor was created. */
  readonly actorSince: number;
};

export type TrendPost = { readonly authorId: number; readonly createdAt: number };

/** The sums that are kept of the engagement with one post. */
export type Trend = {
  /** The time that `grown` refers to: when the post was created. */
  readonly landmark: number;
  /** Sum of w x 2^((t - landmark) / H). */
  readonly grown: number;
  /** Sum of the weights. */
  readonly engagement: number;
  readonly actors: number;
};

/**
 * The engagement that counts: not taken back, within 48 h of the post, by others than the author whose
 * account was a day old by then; of several events of one kind by one person the earliest, so that nobody
 * adds more than a like, a comment and a share.
 */
export function countedEngagement(post: TrendPost, events: readonly PostEngagement[]): PostEngagement[] {
  const counted = events.filter(
    ({ actorId, at, isTakenBack, actorSince }) =>
      !isTakenBack &&
      actorId !== post.authorId &&
      at >= post.createdAt &&
      at <= post.createdAt + TREND.windowMs &&
      actorSince + TREND.accountAgeMs <= at,
  );
  const earliest = new Map<string, PostEngagement>();
  for (const event of counted) {
    const first = earliest.get(actOf(event));
    if (!first || comesBefore(event, first)) earliest.set(actOf(event), event);
  }
  return [...earliest.values()];
}

const actOf = ({ actorId, kind }: PostEngagement): string => `${actorId} ${kind}`;

const comesBefore = (a: PostEngagement, b: PostEngagement): boolean =>
  a.at < b.at || (a.at === b.at && a.id < b.id);

/** The trend of a post, from all of its events. */
export function trendOf(post: TrendPost, events: readonly PostEngagement[]): Trend {
  const counted = countedEngagement(post, events);
  return {
    landmark: post.createdAt,
    grown: counted.reduce((sum, event) => sum + grownOf(event, post.createdAt), 0),
    engagement: counted.reduce((sum, { kind }) => sum + TREND.weights[kind], 0),
    actors: new Set(counted.map(({ actorId }) => actorId)).size,
  };
}

/** Forward decay: the weight of an event as it looks from the landmark, w x 2^((t - landmark) / H). */
export const grownOf = ({ kind, at }: Pick<PostEngagement, "kind" | "at">, landmark: number): number =>
  TREND.weights[kind] * 2 ** ((at - landmark) / TREND.halfLifeMs);

/** Two parts of the engagement with one post, by different people, added up: in any order. */
export const mergeTrends = (a: Trend, b: Trend): Trend => ({
  landmark: a.landmark,
  grown: a.grown + b.grown * 2 ** ((b.landmark - a.landmark) / TREND.halfLifeMs),
  engagement: a.engagement + b.engagement,
  actors: a.actors + b.actors,
});

/**
 * lhot = log2(sum of w x 2^(t / H)), t since 1970: the order of posts, which does not change with time. Null
 * for a post that fewer than 5 people engaged with.
 */
export const lhotOf = ({ landmark, grown, actors }: Trend): number | null =>
  actors >= TREND.minActors && grown > 0 ? Math.log2(grown) + landmark / TREND.halfLifeMs : null;

/** The score that is shown: 2^(lhot - now / H), which is the sum of the weights, each halved every 12 h. */
export const trendScore = (lhot: number, now: number): number => 2 ** (lhot - now / TREND.halfLifeMs);

/** Engagement x min(1, 1 / ln(2 + hours)). */
export const popularityOf = (engagement: number, hours: number): number => engagement * recencyOf(hours);

/** Engagement per hour; a post's first hour counts as a whole one. */
export const velocityOf = (engagement: number, hours: number): number => engagement / Math.max(hours, 1);
