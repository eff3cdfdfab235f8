/** Memory for request bodies: what has been reserved is not available to others until it is given back. */
export type BodyMemory = {
  /**
   * Reserves bytes for a body from an address. @returns a function that gives them back, or who has none
   * left.
   */
  reserve(address: string, bytes: number): (() => void) | "address" | "all";
};

/** Memory with a limit in all and one per address, so that one sender cannot take all of it. */
export function createBodyMemory(maxBytes: number, maxBytesOfAddress: number): BodyMemory {
  const reservedBy = new Map<string, number>();
  let reserved = 0;
  return {
    reserve(address, bytes) {
      const ofAddress = reservedBy.get(address) ?? 0;
      if (ofAddress + bytes > maxBytesOfAddress) return "address";
      if (reserved + bytes > maxBytes) return "all";
      reserved += bytes;
      reservedBy.set(address, ofAddress + bytes);
      return () => {
        reserved -= bytes;
        const left = (reservedBy.get(address) ?? 0) - bytes;
        if (left > 0) reservedBy.set(address, left);
        else reservedBy.delete(address);
      };
    },
  };
}
