import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Router } from "express";
import { readPublicMedia } from "../../feeds/preview.ts";
import { isId } from "../../ids.ts";
import { FileFaulty, type StoredFile, StoreUnavailable } from "../../ports/media-store/media-store.ts";
import type { Runtime } from "../../roles/runtime.ts";

const READ_BYTES = 256 * 1_024;
const LIMIT_MS = 30_000;

/** What browsers show and cannot run, by content. */
const TYPES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "image/avif",
  "video/mp4",
  "video/webm",
  "video/quicktime",
  "audio/wav",
  "audio/mpeg",
  "audio/flac",
  "audio/ogg",
  "audio/mp4",
]);

export const isShownInline = (mimeType: string | null): mimeType is string =>
  mimeType !== null && TYPES.has(mimeType);

/** `image`, `video` or `audio`. */
export const mediaTypeOf = (mimeType: string): string => mimeType.split("/")[0] ?? "";

/** `GET /feeds/media/:id`: a checked file of a public post, for the pages of feeds. */
export function feedMedia({ db, ports: { mediaStore } }: Runtime): Router {
  const router = Router();
  router.get("/feeds/media/:id", async (req, res, next) => {
    if (mediaStore === null || !isId(req.params.id)) return next();
    const media = await readPublicMedia(db.drizzle, req.params.id);
    if (media === undefined || !isShownInline(media.mimeType)) return next();
    const signal = AbortSignal.timeout(LIMIT_MS);
    let file: StoredFile;
    try {
      file = await mediaStore.open(media.key, signal);
    } catch (error) {
      if (error instanceof FileFaulty) return next();
      if (error instanceof StoreUnavailable) return void res.status(503).end();
      throw error;
    }
    try {
      res.set("Content-Security-Policy", "default-src 'none'; sandbox");
      res.set("Content-Length", String(file.size)).type(media.mimeType);
      await pipeline(Readable.from(chunksOf(file, signal)), res);
    } catch {
      // The file changed, or the browser left: what was sent cannot be taken back.
      res.destroy();
    } finally {
      await file.close();
    }
  });
  return router;
}

async function* chunksOf(file: StoredFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.size; start += READ_BYTES)
    yield await file.read(start, Math.min(READ_BYTES, file.size - start), signal);
}
