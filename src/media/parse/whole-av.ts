import type { ByteReader } from "./byte-reader.ts";
import { isWholeFlac } from "./whole-flac.ts";
import { isWholeMp3 } from "./whole-mp3.ts";

/**
 * Whether a video or audio file has its end, by its structure. Parsers read the index at the start of a file
 * and do not notice that the rest is missing.
 */
export async function isWholeAv(container: string, bytes: ByteReader): Promise<boolean> {
  const check = CHECKS[container];
  return check === undefined || check(bytes);
}

type Check = (bytes: ByteReader) => Promise<boolean>;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Fragmented files have thousands of boxes; only this many are read. */
const MAX_BOXES = 60;

const MOOV = 0x6d6f6f76;
const MDAT = 0x6d646174;

/** Boxes of MP4 and MOV: the last one ends with the file, and there are an index and data. */
const isWholeMp4: Check = async (bytes) => {
  const found = new Set<number>();
  const isComplete = (): boolean => found.has(MOOV) && found.has(MDAT);
  let at = 0;
  for (let boxes = 0; at + 8 <= bytes.size && boxes < MAX_BOXES; boxes++) {
    const header = viewOf(await bytes.readUpTo(at, 16));
    const short = header.getUint32(0);
    found.add(header.getUint32(4));
    if (short === 0) return isComplete();
    if (short === 1 && header.byteLength < 16) return false;
    const size = short === 1 ? Number(header.getBigUint64(8)) : short;
    if (size < 8 || at + size > bytes.size) return false;
    at += size;
  }
  return isComplete();
};

/** The EBML header, then the segment, whose size is known unless the file was streamed. */
const isWholeMatroska: Check = async (bytes) => {
  const head = await bytes.readUpTo(0, 4_096);
  const header = ebmlSize(head, 4);
  if (header === null) return false;
  const segment = header.end + header.value;
  if (segment + 12 > head.length || viewOf(head).getUint32(segment) !== 0x18538067) return false;
  const size = ebmlSize(head, segment + 4);
  return size !== null && (size.isUnknown || size.end + size.value <= bytes.size);
};

/** A size of EBML: the leading zero bits give its length in bytes. */
function ebmlSize(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number; readonly isUnknown: boolean } | null {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > 8 || at + length > bytes.length) return null;
  const mask = 0xff >> length;
  let value = first & mask;
  let isUnknown = value === mask;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] as number;
    value = value * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return { value, end: at + length, isUnknown };
}

/** The size in the header of RIFF; a program that could not seek back leaves 0 or the largest number. */
const isWholeWav: Check = async (bytes) => {
  if (bytes.size < 12) return false;
  const size = viewOf(await bytes.read(0, 12)).getUint32(4, true);
  return size === 0 || size === 0xffffffff || size + 8 <= bytes.size;
};

const OGG_TAIL = 64 * 1024 + 300;
const LAST_PAGE = 0x04;

/** Pages of Ogg: the last one ends with the file, and says that it is the last of its stream. */
const isWholeOgg: Check = async (bytes) => {
  const tail = await bytes.read(Math.max(0, bytes.size - OGG_TAIL), Math.min(bytes.size, OGG_TAIL));
  const view = viewOf(tail);
  for (let at = tail.length - 27; at >= 0; at--) {
    if (tail[at] !== 0x4f || view.getUint32(at) !== 0x4f676753 || tail[at + 4] !== 0) continue;
    const segments = tail[at + 26] as number;
    const sizes = tail.subarray(at + 27, at + 27 + segments);
    const end = at + 27 + segments + sizes.reduce((sum, size) => sum + size, 0);
    return end === tail.length && ((tail[at + 5] as number) & LAST_PAGE) !== 0;
  }
  return false;
};

const CHECKS: Readonly<Record<string, Check>> = {
  mp4: isWholeMp4,
  mov: isWholeMp4,
  mkv: isWholeMatroska,
  webm: isWholeMatroska,
  wav: isWholeWav,
  ogg: isWholeOgg,
  flac: isWholeFlac,
  mp3: isWholeMp3,
};
