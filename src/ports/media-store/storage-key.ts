import { FileFaulty } from "./media-store.ts";

/** The limit of S3. */
const MAX_BYTES = 1_024;

/**
 * The segments of a storage key: a relative path with single slashes. Keys are values of the host, which may
 * come from its users, so none may lead out of the folder or prefix of the store.
 *
 * @throws FileFaulty for absolute paths, `.` and `..`, empty segments, backslashes and control characters.
 */
export function segmentsOf(key: string): readonly string[] {
  const segments = key.split("/");
  const isFit =
    Buffer.byteLength(key) <= MAX_BYTES &&
    !/[\p{Cc}\\]/u.test(key) &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (!isFit) throw new FileFaulty("bad-key");
  return segments;
}
