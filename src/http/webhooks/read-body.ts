import type { RequestHandler, Response } from "express";
import { sendError, sendRetryLater, tooManyRequests } from "../requests/error-response.ts";
import { addressKey } from "../requests/rate-limit.ts";
import { createBodyMemory, type Shortage } from "./body-memory.ts";

/** The memory for bodies of one webhook in one process, until their requests are answered. */
const MAX_MEMORY = 32 * 1024 * 1024;
const MAX_MEMORY_OF_ADDRESS = MAX_MEMORY / 2;
/**
 * The overhead charged for a chunk, so that a body sent byte by byte does not take more memory than it is
 * charged for.
 */
const CHUNK_OVERHEAD = 256;
const MEMORY_RETRY_MS = 1_000;

export type BodyLimits = {
  readonly maxBodyBytes: number;
  readonly count: (rejection: "limited" | "refused") => void;
};

/**
 * Reads the raw bytes into `req.body`, at most `maxBodyBytes`, uncompressed. 503 or 429 for a body that is
 * still arriving when others need its memory.
 */
export function readBody({ maxBodyBytes, count }: BodyLimits): RequestHandler {
  const memory = createBodyMemory(MAX_MEMORY, MAX_MEMORY_OF_ADDRESS);
  return (req, res, next) => {
    if ((req.headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
      count("refused");
      const message = "Content-Encoding is not supported. Send the body uncompressed.";
      return sendUnread(res, () => sendError(res, 415, { code: "encoded", message }));
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = () => {
      req.off("data", take).off("end", finish);
      chunks.length = 0;
      body.release();
    };
    const body = memory.open(addressKey(req.ip), (shortage) => {
      stop();
      count("limited");
      sendUnread(res, () => sendShortage(res, shortage));
    });
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) {
        stop();
        count("refused");
        sendUnread(res, () => sendTooLarge(res, maxBodyBytes));
      } else if (body.grow(chunk.length + CHUNK_OVERHEAD)) chunks.push(chunk);
    };
    const finish = () => {
      body.complete();
      req.body = Buffer.concat(chunks, bytes);
      chunks.length = 0;
      next();
    };
    // Also when the connection closes before the body has arrived.
    res.once("close", stop);
    req.on("data", take).on("end", finish);
  };
}

/** 413. */
export const sendTooLarge = (res: Response, maxBodyBytes: number): void =>
  sendError(res, 413, { code: "too-large", message: `The body is limited to ${maxBodyBytes} bytes.` });

/** Answers before the body has arrived: the rest of it is not waited for. */
export function sendUnread(res: Response, send: () => void): void {
  res.set("Connection", "close");
  send();
}

function sendShortage(res: Response, shortage: Shortage): void {
  const message = "Too many bodies are being received. Nothing was stored.";
  if (shortage === "address") tooManyRequests(res, MEMORY_RETRY_MS);
  else sendRetryLater(res, 503, { code: "unavailable", message }, MEMORY_RETRY_MS);
}
