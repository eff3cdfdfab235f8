/** Reads parts of a file. Everything that is read counts towards the budget of the file. */
export type ByteReader = {
  readonly size: number;
  /** Reads `length` bytes from `start`. @throws ReadRefused */
  read(start: number, length: number): Promise<Uint8Array>;
  /** Reads up to `length` bytes from `start`: fewer at the end of the file. @throws ReadRefused */
  readUpTo(start: number, length: number): Promise<Uint8Array>;
};

/** A read beyond the end of the file, or beyond its budget. */
export class ReadRefused extends Error {
  override readonly name = "ReadRefused";
  readonly fault: "truncated" | "byte-budget";
  constructor(fault: ReadRefused["fault"]) {
    super(fault);
    this.fault = fault;
  }
}

/** Parsers of MP3 and FLAC ask for a few bytes a thousand times. */
const CHUNK = 64 * 1024;
/** Chunks that are kept: 8 MiB. */
const MAX_KEPT = 128;

export type ByteReaderOptions = {
  readonly size: number;
  /** Bytes that may be fetched in all. */
  readonly budget: number;
  readonly fetch: (start: number, length: number) => Promise<Uint8Array>;
};

/** Reads a file in whole chunks of 64 KiB, each once while it is kept. */
export function openByteReader({ size, budget, fetch }: ByteReaderOptions): ByteReader {
  const chunks = new Map<number, Promise<Uint8Array>>();
  let fetched = 0;

  /** Fetches the chunks from `first` to `last` at once. */
  const fetchChunks = (first: number, last: number): void => {
    const start = first * CHUNK;
    const length = Math.min((last + 1) * CHUNK, size) - start;
    fetched += length;
    const run = fetched > budget ? Promise.reject(new ReadRefused("byte-budget")) : fetch(start, length);
    for (let at = first; at <= last; at++) {
      const from = at * CHUNK - start;
      const chunk = run.then((bytes) => bytes.subarray(from, from + CHUNK));
      // The reader of the chunk gets the error.
      chunk.catch(() => undefined);
      chunks.set(at, chunk);
    }
    for (const at of chunks.keys()) {
      if (chunks.size <= MAX_KEPT) break;
      if (at < first || at > last) chunks.delete(at);
    }
  };

  const read = async (start: number, length: number): Promise<Uint8Array> => {
    if (!(start >= 0 && length >= 0 && start + length <= size)) throw new ReadRefused("truncated");
    if (length > budget) throw new ReadRefused("byte-budget");
    if (length === 0) return new Uint8Array(0);
    const first = Math.floor(start / CHUNK);
    const last = Math.floor((start + length - 1) / CHUNK);
    const needed: Promise<Uint8Array>[] = [];
    for (let at = first; at <= last; at++) {
      if (!chunks.has(at)) {
        let end = at;
        while (end < last && !chunks.has(end + 1)) end += 1;
        fetchChunks(at, end);
      }
      needed.push(chunks.get(at) as Promise<Uint8Array>);
    }
    return partOf(await Promise.all(needed), start - first * CHUNK, length);
  };

  return {
    size,
    read,
    readUpTo: (start, length) => read(start, Math.max(0, Math.min(length, size - start))),
  };
}

function partOf(chunks: readonly Uint8Array[], from: number, length: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only) return only.subarray(from, from + length);
  const joined = new Uint8Array(length);
  let position = -from;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, -position), Math.min(chunk.length, length - position));
    joined.set(part, Math.max(0, position));
    position += chunk.length;
  }
  return joined;
}
