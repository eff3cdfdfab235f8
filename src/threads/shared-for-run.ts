/** How the parts of a shared value are found and loaded. */
export type SharedLoader<Name, Part> = {
  names(): Promise<readonly Name[]>;
  load(name: Name): Promise<Part>;
  /** How long parts are kept that no caller uses. Default: half a minute. */
  readonly keepMs?: number;
};

/** Keeps large data in memory that the ranges of a run share. */
export type SharedForRun = {
  /**
   * Calls `work` with the parts that belong to `key`, in the order of their names. Callers that overlap load
   * each part once between them; a part whose load fails is loaded again by the next caller that needs it.
   * Parts are dropped once no caller has used them for half a minute, or for the time that their loader sets:
   * the parts of only one key are kept longer.
   *
   * @param key names the data and its version, such as a run.
   * @throws what this caller's own loads, or `work`, throw.
   */
  use<Name, Part, Result>(
    key: string,
    loader: SharedLoader<Name, Part>,
    work: (parts: readonly Part[]) => Promise<Result>,
  ): Promise<Result>;
  /** Drops everything. */
  close(): void;
};

/**
 * Long enough for the next range of a run to start, short enough that memory is not held for long after the
 * last one.
 */
const DROP_AFTER_MS = 30_000;

/** Each caller loads two parts at a time: while a thread indexes one, the next one is read. */
const LOADS_PER_CALLER = 2;

/** A value that is loaded by the first caller that needs it. */
type Slot<T> = { loading: Promise<T> | null };
type Part = Slot<unknown> & { readonly name: unknown };

type Shared = {
  readonly parts: Slot<readonly Part[]>;
  users: number;
  dropTimer: NodeJS.Timeout | null;
};

/** Opens an empty store. */
export function openSharedForRun(): SharedForRun {
  const store = new Map<string, Shared>();
  /** The key whose parts are kept longer. */
  let keptKey: string | null = null;

  const acquire = (key: string): Shared => {
    const shared = store.get(key) ?? { parts: { loading: null }, users: 0, dropTimer: null };
    store.set(key, shared);
    shared.users += 1;
    if (shared.dropTimer) clearTimeout(shared.dropTimer);
    return shared;
  };
  const dropAfter = (key: string, shared: Shared, ms: number): void => {
    if (shared.dropTimer) clearTimeout(shared.dropTimer);
    shared.dropTimer = setTimeout(() => store.delete(key), ms).unref();
  };
  const release = (key: string, shared: Shared, keepMs: number): void => {
    shared.users -= 1;
    if (shared.users > 0) return;
    dropAfter(key, shared, keepMs);
    if (keepMs <= DROP_AFTER_MS || key === keptKey) return;
    const earlier = keptKey === null ? undefined : store.get(keptKey);
    if (keptKey !== null && earlier?.users === 0) dropAfter(keptKey, earlier, DROP_AFTER_MS);
    keptKey = key;
  };

  return {
    async use<Name, P, Result>(
      key: string,
      loader: SharedLoader<Name, P>,
      work: (parts: readonly P[]) => Promise<Result>,
    ): Promise<Result> {
      const shared = acquire(key);
      try {
        return await work((await loadAll(shared, loader as SharedLoader<unknown, P>)) as readonly P[]);
      } finally {
        release(key, shared, loader.keepMs ?? DROP_AFTER_MS);
      }
    },
    close() {
      for (const { dropTimer } of store.values()) if (dropTimer) clearTimeout(dropTimer);
      store.clear();
    },
  };
}

async function loadAll(shared: Shared, loader: SharedLoader<unknown, unknown>): Promise<unknown[]> {
  const parts = await loadOnce(shared.parts, async () =>
    (await loader.names()).map((name): Part => ({ name, loading: null })),
  );
  let hasFailed = false;
  const loadMissing = async (): Promise<void> => {
    for (;;) {
      const part = parts.find(({ loading }) => loading === null);
      if (!part || hasFailed) return;
      await loadOnce(part, () => loader.load(part.name)).catch((error) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: LOADS_PER_CALLER }, loadMissing));
  // Parts that another caller was loading, and failed to.
  return Promise.all(parts.map((part) => loadOnce(part, () => loader.load(part.name))));
}

/**
 * The value of a slot: loaded here unless another caller does it, and after that if the other caller fails.
 */
async function loadOnce<T>(slot: Slot<T>, load: () => Promise<T>): Promise<T> {
  for (;;) {
    if (slot.loading === null) {
      const loading = load();
      slot.loading = loading;
      loading.catch(() => {
        slot.loading = null;
      });
      return loading;
    }
    const [loaded] = await Promise.allSettled([slot.loading]);
    if (loaded.status === "fulfilled") return loaded.value;
  }
}
