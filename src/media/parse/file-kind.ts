import { fileTypeFromBuffer } from "file-type";
import type { ByteReader } from "./byte-reader.ts";

/** The kind of a file by its content: `av` is video or audio. */
export type FileKind =
  | { readonly kind: "image" | "av"; readonly container: string }
  | { readonly kind: "other"; readonly mimeType: string }
  | { readonly kind: "unknown" };

/** More than any signature needs, and the first chunk that is read of any file. */
const HEAD = 64 * 1024;

/** The types that are read, with their containers. All others are refused. */
const IMAGES: Readonly<Record<string, string>> = {
  "image/jpeg": "jpeg",
  "image/png": "png",
  "image/apng": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
  "image/heic": "heic",
};

const AV: Readonly<Record<string, string>> = {
  "video/mp4": "mp4",
  "video/x-m4v": "mp4",
  "audio/mp4": "mp4",
  "audio/x-m4a": "mp4",
  "video/3gpp": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/matroska": "mkv",
  "video/x-matroska": "mkv",
  "audio/mpeg": "mp3",
  "audio/flac": "flac",
  "audio/x-flac": "flac",
  "audio/ogg": "ogg",
  "video/ogg": "ogg",
  "application/ogg": "ogg",
  "audio/opus": "ogg",
  "audio/wav": "wav",
  "audio/vnd.wave": "wav",
};

/** The kind of a file by its first bytes. Its name and declared type play no part. */
export async function fileKindOf(bytes: ByteReader): Promise<FileKind> {
  const head = await bytes.readUpTo(0, HEAD);
  if (isSvg(head)) return { kind: "other", mimeType: "image/svg+xml" };
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (!found) return { kind: "unknown" };
  // Codecs may be added as parameters.
  const [mimeType = ""] = found.mime.split(";");
  const image = IMAGES[mimeType];
  if (image !== undefined) return { kind: "image", container: image };
  const av = AV[mimeType];
  return av === undefined ? { kind: "other", mimeType } : { kind: "av", container: av };
}

/** An SVG is a document that can hold scripts. Before its element there may be a prolog and comments. */
function isSvg(head: Uint8Array): boolean {
  const text = new TextDecoder("utf-8").decode(head.subarray(0, 4_096)).trimStart();
  return text.startsWith("<") && /<svg[\s>]/i.test(text);
}
