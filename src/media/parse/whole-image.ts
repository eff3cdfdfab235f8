/**
 * Whether an image file has its end, by its structure: nothing is decoded. What follows the end is ignored;
 * phones append other images and videos there.
 */
export function isWholeImage(container: string, file: Uint8Array): boolean {
  const check = CHECKS[container];
  return check === undefined || check(file, new DataView(file.buffer, file.byteOffset, file.byteLength));
}

type Check = (file: Uint8Array, view: DataView) => boolean;

/** Chunks of PNG, each with a length, a type and a checksum, up to IEND. */
const isWholePng: Check = (file, view) => {
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > file.length) return false;
    if (view.getUint32(at + 4) === 0x49454e44) return true;
    at = end;
  }
  return false;
};

/**
 * Segments of JPEG up to the first scan, and an end-of-image marker behind it. Inside a scan a marker cannot
 * occur; thumbnails, which have an end of their own, lie in the segments before.
 */
const isWholeJpeg: Check = (file, view) => {
  for (let at = 2; at + 4 <= file.length; ) {
    if (file[at] !== 0xff) return false;
    const marker = file[at + 1] as number;
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else if (marker === 0xda) return hasEndOfImage(file, at + 2 + view.getUint16(at + 2));
    else at += 2 + view.getUint16(at + 2);
  }
  return false;
};

function hasEndOfImage(file: Uint8Array, from: number): boolean {
  for (let at = file.indexOf(0xff, from); at !== -1 && at + 1 < file.length; at = file.indexOf(0xff, at + 1))
    if (file[at + 1] === 0xd9) return true;
  return false;
}

/** Blocks of GIF, each a chain of sub-blocks, up to the trailer. */
const isWholeGif: Check = (file) => {
  const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  const afterSubBlocks = (start: number): number => {
    let at = start;
    while (at < file.length && file[at] !== 0) at += 1 + (file[at] as number);
    return at + 1;
  };
  let at = 13 + tableBytes(file[10] ?? 0);
  while (at < file.length) {
    const block = file[at];
    if (block === 0x3b) return true;
    if (block === 0x21) at = afterSubBlocks(at + 2);
    else if (block === 0x2c) at = afterSubBlocks(at + 11 + tableBytes(file[at + 9] ?? 0));
    else return false;
  }
  return false;
};

const isWholeRiff: Check = (file, view) => file.length >= 12 && view.getUint32(4, true) + 8 <= file.length;

const META = 0x6d657461;
const MDAT = 0x6d646174;

/** Boxes of HEIF: the last one ends with the file, and there are an index and data. */
const isWholeHeif: Check = (file, view) => {
  const found = new Set<number>();
  const isComplete = (): boolean => found.has(META) && found.has(MDAT);
  for (let at = 0; at + 8 <= file.length; ) {
    const short = view.getUint32(at);
    found.add(view.getUint32(at + 4));
    if (short === 0) return isComplete();
    if (short === 1 && at + 16 > file.length) return false;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < 8 || at + size > file.length) return false;
    at += size;
  }
  return isComplete();
};

const CHECKS: Readonly<Record<string, Check>> = {
  png: isWholePng,
  jpeg: isWholeJpeg,
  gif: isWholeGif,
  webp: isWholeRiff,
  avif: isWholeHeif,
  heic: isWholeHeif,
};
