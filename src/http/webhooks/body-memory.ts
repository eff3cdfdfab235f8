/** Which limit was reached: that of the address of a body, or that of all addresses together. */
export type Shortage = "address" | "all";

/** A body that is being received, or whose request is not answered yet. */
export type HeldBody = {
  /**
   * Takes memory for bytes that have arrived. @returns false if the body was given up for it, as the body
   * that has been arriving for longest; its memory is free again and `giveUp` was called.
   */
  grow(bytes: number): boolean;
  /** The whole body has arrived: it is no longer given up for others. */
  complete(): void;
  /** Frees its memory. */
  release(): void;
};

export type BodyMemory = {
  /** @param giveUp called when the body loses its memory to others, or there is none for it. */
  open(address: string, giveUp: (shortage: Shortage) => void): HeldBody;
};

type Body = {
  readonly holder: Holder;
  readonly giveUp: (shortage: Shortage) => void;
  bytes: number;
  arriving: boolean;
};

/** The bodies of an address, oldest first. */
type Holder = { readonly address: string; readonly bodies: Set<Body>; bytes: number };

/**
 * Memory for bodies, with a limit in all and one per address. Bytes count once they have arrived. When memory
 * is short, the body that has been arriving for longest is given up: of the address that is at its limit, or
 * of the one that holds most. So slow bodies cannot keep out those that arrive at once.
 */
export function createBodyMemory(maxBytes: number, maxBytesOfAddress: number): BodyMemory {
  const holders = new Map<string, Holder>();
  let held = 0;
  const free = (body: Body): void => {
    const { holder } = body;
    if (!holder.bodies.delete(body)) return;
    held -= body.bytes;
    holder.bytes -= body.bytes;
    if (holder.bodies.size === 0) holders.delete(holder.address);
  };
  /** Gives bodies up until there is room. @returns false if `body` is one of them, or none is left. */
  const makeRoom = (body: Body, bytes: number): boolean => {
    for (;;) {
      const shortage = shortageOf(body.holder, bytes);
      if (shortage === null) return true;
      const oldest = oldestArriving(shortage === "address" ? [body.holder] : holders.values()) ?? body;
      free(oldest);
      oldest.giveUp(shortage);
      if (oldest === body) return false;
    }
  };
  const shortageOf = (holder: Holder, bytes: number): Shortage | null => {
    if (holder.bytes + bytes > maxBytesOfAddress) return "address";
    return held + bytes > maxBytes ? "all" : null;
  };
  return {
    open(address, giveUp) {
      const holder = holders.get(address) ?? { address, bodies: new Set<Body>(), bytes: 0 };
      holders.set(address, holder);
      const body: Body = { holder, giveUp, bytes: 0, arriving: true };
      holder.bodies.add(body);
      return {
        grow(bytes) {
          if (!holder.bodies.has(body) || !makeRoom(body, bytes)) return false;
          body.bytes += bytes;
          holder.bytes += bytes;
          held += bytes;
          return true;
        },
        complete() {
          body.arriving = false;
        },
        release: () => free(body),
      };
    },
  };
}

/** The oldest body that still arrives and holds memory, of the holder of most memory that has one. */
function oldestArriving(holders: Iterable<Holder>): Body | null {
  let found: Body | null = null;
  for (const holder of holders) {
    if (found !== null && holder.bytes <= found.holder.bytes) continue;
    for (const body of holder.bodies) {
      if (!body.arriving || body.bytes === 0) continue;
      found = body;
      break;
    }
  }
  return found;
}
