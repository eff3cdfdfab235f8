import type { ByteReader } from "./byte-reader.ts";

/** More than the largest frame of stereo with 24 bits. */
const TAIL = 192 * 1024;
/** An ID3v1 tag at the end of the file. */
const TAG_BYTES = 128;

/**
 * Whether a FLAC file has its last frame: the one that ends with the last sample that the header counts, and
 * whose checksum is right up to the end of the file. Without a count, the checksum alone.
 */
export async function isWholeFlac(bytes: ByteReader): Promise<boolean> {
  const info = await streamInfo(bytes);
  if (info === null) return false;
  const length = Math.min(bytes.size, TAIL);
  const tail = withoutTag(await bytes.read(bytes.size - length, length));
  for (let at = tail.length - 6; at >= 0; at--) {
    const frame = frameAt(tail, at, info.blockSize);
    if (frame === null || crc16(tail, at) !== 0) continue;
    return info.samples === 0 || frame.end === info.samples;
  }
  return false;
}

/** The first metadata block; a tag of ID3v2 may stand before it. */
async function streamInfo(
  bytes: ByteReader,
): Promise<{ readonly blockSize: number; readonly samples: number } | null> {
  const head = await bytes.readUpTo(0, 10);
  const isTagged = head[0] === 0x49 && head[1] === 0x44 && head[2] === 0x33;
  const start = isTagged ? 10 + head.subarray(6, 10).reduce((size, byte) => size * 128 + (byte & 127), 0) : 0;
  const block = await bytes.readUpTo(start, 42);
  if (block.length < 42) return null;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (view.getUint32(0) !== 0x664c6143) return null;
  // 36 bits: the lower 4 of a byte, and the 32 behind it.
  const samples = (view.getUint8(21) & 0x0f) * 2 ** 32 + view.getUint32(22);
  return { blockSize: view.getUint16(8), samples };
}

const withoutTag = (tail: Uint8Array): Uint8Array => {
  const at = tail.length - TAG_BYTES;
  const isTag = tail[at] === 0x54 && tail[at + 1] === 0x41 && tail[at + 2] === 0x47;
  return isTag ? tail.subarray(0, at) : tail;
};

/** The frame whose header begins here, by its checksum; `end` is the number of the sample behind it. */
function frameAt(bytes: Uint8Array, at: number, blockSize: number): { readonly end: number } | null {
  const isFixed = bytes[at + 1] === 0xf8;
  if (bytes[at] !== 0xff || (!isFixed && bytes[at + 1] !== 0xf9)) return null;
  const number = codedNumber(bytes, at + 4);
  if (number === null) return null;
  const sizeCode = (bytes[at + 2] as number) >> 4;
  const rateCode = (bytes[at + 2] as number) & 0x0f;
  let end = number.end;
  let samples = sizeCode >= 8 ? 256 << (sizeCode - 8) : sizeCode === 1 ? 192 : 576 << (sizeCode - 2);
  if (sizeCode === 0) return null;
  if (sizeCode === 6) samples = (bytes[end++] ?? 0) + 1;
  if (sizeCode === 7) samples = ((bytes[end++] ?? 0) << 8) + (bytes[end++] ?? 0) + 1;
  end += rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
  if (end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return null;
  return { end: (isFixed ? number.value * blockSize : number.value) + samples };
}

/** A number as UTF-8 codes characters, of up to 36 bits. */
function codedNumber(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return { value: first, end: at + 1 };
  const length = Math.clz32(~first & 0xff) - 24;
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return null;
    value = value * 64 + (byte & 0x3f);
  }
  return { value, end: at + length };
}

function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x80 ? (crc << 1) ^ 0x07 : crc << 1) & 0xff) >>> 0;
  }
  return crc;
}

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1;
  return crc & 0xffff;
});

/** Over a frame with its checksum it is 0. */
function crc16(bytes: Uint8Array, from: number): number {
  let crc = 0;
  for (let at = from; at < bytes.length; at++)
    crc = ((crc << 8) & 0xffff) ^ (CRC16[(crc >> 8) ^ (bytes[at] as number)] as number);
  return crc;
}
