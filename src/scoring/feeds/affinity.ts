export const AFFINITY = {
  windowDays: 90,
  /** The weight of an event. Sharing weighs as much as commenting. */
  weights: { like: 1, comment: 4, share: 4, message: 6, profile_view: 0.5, hide: -8 },
  /** The weight of an event decays by the mean of two half-lives. */
  halfLifeDays: [1, 30],
  creators: 20,
  topics: 30,
  /** Topics at which the exploration factor is 1. */
  explored: 30,
  /** The exploration factor of a user without topics. */
  unknownExploration: 0.5,
} as const;

const DAY_MS = 86_400_000;

export type AffinityKind = keyof typeof AFFINITY.weights;

/** An engagement of a user. */
export type AffinityEvent = {
  readonly kind: AffinityKind;
  readonly at: number;
  /** The author of the post, or the person themselves; null where the post is gone. */
  readonly creatorId: number | null;
  /** Topics and type of the post. */
  readonly topics: readonly string[];
  readonly contentType: string | null;
};

export type Share<K> = { readonly key: K; readonly share: number };

/** The affinities of a user, as shares of all positive engagement, largest first. */
export type AffinityProfile = {
  readonly creators: readonly Share<number>[];
  readonly topics: readonly Share<string>[];
  readonly contentTypes: readonly Share<string>[];
  /** Events per day, without those that hide something. */
  readonly engagementVelocity: number;
  /** From 0 to 1. */
  readonly explorationFactor: number;
};

/** weight x (2^-days + 2^(-days / 30)) / 2. */
export function amountOf({ kind, at }: Pick<AffinityEvent, "kind" | "at">, asOf: number): number {
  const days = (asOf - at) / DAY_MS;
  const [short, long] = AFFINITY.halfLifeDays;
  return (AFFINITY.weights[kind] * (2 ** (-days / short) + 2 ** (-days / long))) / 2;
}

/**
 * The affinities of a user from their engagement of the last 90 days. src/feeds/affinity.ts computes the same
 * in Postgres, for many users at once.
 */
export function affinityOf(events: readonly AffinityEvent[], asOf: number): AffinityProfile {
  const recent = events.filter(({ at }) => at <= asOf && at > asOf - AFFINITY.windowDays * DAY_MS);
  const creators = new Map<number, number>();
  const topics = new Map<string, number>();
  const contentTypes = new Map<string, number>();
  for (const event of recent) {
    const amount = amountOf(event, asOf);
    if (event.creatorId !== null) add(creators, event.creatorId, amount);
    for (const topic of event.topics) add(topics, topic, amount);
    if (event.contentType !== null) add(contentTypes, event.contentType, amount);
  }
  const explored = positive(topics).length;
  return {
    creators: sharesOf(creators, AFFINITY.creators),
    topics: sharesOf(topics, AFFINITY.topics),
    contentTypes: sharesOf(contentTypes, Number.POSITIVE_INFINITY),
    engagementVelocity: recent.filter(({ kind }) => kind !== "hide").length / AFFINITY.windowDays,
    explorationFactor:
      explored === 0 ? AFFINITY.unknownExploration : Math.min(explored / AFFINITY.explored, 1),
  };
}

const add = <K>(to: Map<K, number>, key: K, amount: number): void =>
  void to.set(key, (to.get(key) ?? 0) + amount);

const positive = <K>(amounts: ReadonlyMap<K, number>): [K, number][] =>
  [...amounts].filter(([, amount]) => amount > 0);

function sharesOf<K extends number | string>(amounts: ReadonlyMap<K, number>, atMost: number): Share<K>[] {
  const liked = positive(amounts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const whole = liked.reduce((sum, [, amount]) => sum + amount, 0);
  return liked.slice(0, atMost).map(([key, amount]) => ({ key, share: amount / whole }));
}

/** How well a post suits a user: the share of its author plus the shares of its topics, at most 1. */
export function postAffinity(
  creators: ReadonlyMap<number, number>,
  topics: ReadonlyMap<string, number>,
  post: { readonly authorId: number; readonly topics: readonly string[] },
): number {
  const ofTopics = post.topics.reduce((sum, topic) => sum + (topics.get(topic) ?? 0), 0);
  return Math.min((creators.get(post.authorId) ?? 0) + ofTopics, 1);
}
