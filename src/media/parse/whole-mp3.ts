import type { ByteReader } from "./byte-reader.ts";

const HEAD = 4_096;
/** Bytes of a frame header, of the side information of MPEG 1 stereo, and of a Xing header. */
const XING_BYTES = 4 + 32 + 16;
const HAS_FRAMES = 1;
const HAS_BYTES = 2;

/**
 * Whether an MP3 file is as long as the Xing or Info header in its first frame says. Without such a header
 * there is no length to compare with.
 */
export async function isWholeMp3(bytes: ByteReader): Promise<boolean> {
  const start = await afterTag(bytes);
  if (start >= bytes.size) return false;
  const head = await bytes.readUpTo(start, HEAD);
  const frame = head.findIndex((byte, at) => byte === 0xff && ((head[at + 1] ?? 0) & 0xe0) === 0xe0);
  if (frame === -1 || frame + XING_BYTES > head.length) return false;
  const audioBytes = declaredBytes(head.subarray(frame, frame + XING_BYTES));
  return audioBytes === null || start + frame + audioBytes <= bytes.size;
}

async function afterTag(bytes: ByteReader): Promise<number> {
  const head = await bytes.readUpTo(0, 10);
  const isTagged = head[0] === 0x49 && head[1] === 0x44 && head[2] === 0x33;
  return isTagged ? 10 + head.subarray(6, 10).reduce((size, byte) => size * 128 + (byte & 127), 0) : 0;
}

/** The bytes from the first frame to the end of the last one. */
function declaredBytes(frame: Uint8Array): number | null {
  const text = String.fromCharCode(...frame);
  const at = Math.max(text.indexOf("Xing"), text.indexOf("Info"));
  if (at === -1 || at + 16 > frame.length) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = view.getUint32(at + 4);
  if ((flags & HAS_BYTES) === 0) return null;
  return view.getUint32(at + ((flags & HAS_FRAMES) === 0 ? 8 : 12));
}
