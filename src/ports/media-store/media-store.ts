import type { FileFault } from "../../scoring/media/limits.ts";

/** Where the files of media are: a folder, or a bucket. */
export type MediaStore = {
  /**
   * Opens a file for reading in ranges.
   *
   * @throws FileFaulty if the key is refused, or the file is missing or not a regular file.
   * @throws StoreUnavailable if the store does not answer, or refuses.
   */
  open(key: string, signal: AbortSignal): Promise<StoredFile>;
  /** Deletes a file; one that is missing counts as deleted. Throws as `open` does. */
  delete(key: string, signal: AbortSignal): Promise<void>;
};

/** An open file. It must be closed. */
export type StoredFile = {
  /** In bytes. */
  readonly size: number;
  /**
   * Reads `length` bytes from `start`, both within the size.
   *
   * @throws FileFaulty if the file has changed since it was opened.
   * @throws StoreUnavailable
   */
  read(start: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** Only this one file is at fault. */
export class FileFaulty extends Error {
  override readonly name = "FileFaulty";
  readonly fault: FileFault;
  constructor(fault: FileFault) {
    super(fault);
    this.fault = fault;
  }
}

/** The store does not answer, or refuses: no file is at fault. `reason` holds no key. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly reason: string;
  /** How long the store asks to wait, in ms; null if it does not say. */
  readonly retryAfterMs: number | null;
  constructor(reason: string, retryAfterMs: number | null = null) {
    super(`the media store is unavailable: ${reason}`);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
