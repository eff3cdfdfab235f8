/** A picture in YCbCr, 4:2:0: a byte for each pixel, then one for each 2 x 2 pixels of both colours. */
export type Picture = { readonly luma: Uint8Array; readonly blue: Uint8Array; readonly red: Uint8Array };

/** In pixels, multiples of 16. */
export type PictureSize = { readonly width: number; readonly height: number };

const MACROBLOCK = 16;

/** H.264 without compression: each macroblock is stored as it is (I_PCM), so that no transform is needed. */
export type H264 = {
  /** The NAL units before the first picture: sequence and picture parameter set. */
  readonly sequence: Buffer;
  readonly parameters: Buffer;
  /** The NAL unit of the picture with this number. */
  encode(picture: Picture, number: number): Buffer;
};

/** Baseline profile, level 3. */
const PROFILE = [66, 0xc0, 30] as const;
const SEQUENCE_UNIT = 0x67;
const PARAMETER_UNIT = 0x68;
const KEY_PICTURE_UNIT = 0x65;

/** Opens an encoder for pictures of one size. */
export const openH264 = (size: PictureSize): H264 => ({
  sequence: sequenceOf(size),
  parameters: pictureParameters(),
  encode: (picture, number) => encodePicture(size, picture, number),
});

function sequenceOf({ width, height }: PictureSize): Buffer {
  const bits = openBits();
  for (const byte of PROFILE) bits.fixed(byte, 8);
  bits.unsigned(0); // its id
  bits.unsigned(0); // frame numbers have 4 bits
  bits.unsigned(2); // pictures are shown in the order in which they are stored
  bits.unsigned(0); // no reference pictures
  bits.fixed(0, 1);
  bits.unsigned(width / MACROBLOCK - 1);
  bits.unsigned(height / MACROBLOCK - 1);
  bits.fixed(1, 1); // whole frames
  bits.fixed(0, 3); // no direct inference, no cropping, no further parameters
  return unit(SEQUENCE_UNIT, bits.close());
}

function pictureParameters(): Buffer {
  const bits = openBits();
  bits.unsigned(0); // its id
  bits.unsigned(0); // that of the sequence
  bits.fixed(0, 2); // variable-length codes
  bits.unsigned(0); // one group of slices
  bits.unsigned(0);
  bits.unsigned(0);
  bits.fixed(0, 3); // no weights
  bits.unsigned(0);
  bits.unsigned(0);
  bits.unsigned(0);
  bits.fixed(0b100, 3); // slices say whether edges are smoothed
  return unit(PARAMETER_UNIT, bits.close());
}

const INTRA_SLICE = 7;
const STORED_MACROBLOCK = 25;

function encodePicture({ width, height }: PictureSize, picture: Picture, number: number): Buffer {
  const bits = openBits();
  bits.unsigned(0); // the first macroblock
  bits.unsigned(INTRA_SLICE);
  bits.unsigned(0); // the picture parameters
  bits.fixed(0, 4);
  bits.unsigned(number % 2); // neighbours differ
  bits.fixed(0, 2);
  bits.unsigned(0);
  bits.unsigned(1); // edges are not smoothed
  for (let top = 0; top < height; top += MACROBLOCK)
    for (let left = 0; left < width; left += MACROBLOCK) {
      bits.unsigned(STORED_MACROBLOCK);
      bits.align();
      bits.block(picture.luma, { stride: width, left, top, side: MACROBLOCK });
      for (const colour of [picture.blue, picture.red])
        bits.block(colour, { stride: width / 2, left: left / 2, top: top / 2, side: MACROBLOCK / 2 });
    }
  return unit(KEY_PICTURE_UNIT, bits.close());
}

/** A NAL unit: a byte of type, and the payload, in which no start code may occur. */
function unit(type: number, payload: readonly number[]): Buffer {
  const bytes = [type];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}

type Block = {
  readonly stride: number;
  readonly left: number;
  readonly top: number;
  readonly side: number;
};

/** Writes bits, the most significant first. */
function openBits() {
  const bytes: number[] = [];
  let byte = 0;
  let used = 0;
  const bit = (value: number): void => {
    byte = byte * 2 + value;
    used += 1;
    if (used < 8) return;
    bytes.push(byte);
    byte = 0;
    used = 0;
  };
  const fixed = (value: number, length: number): void => {
    for (let at = length - 1; at >= 0; at--) bit((value >> at) & 1);
  };
  const align = (): void => {
    while (used > 0) bit(0);
  };
  return {
    fixed,
    align,
    /** An Exp-Golomb code: as many zeros as the number has further bits, then the number and one. */
    unsigned(value: number): void {
      const length = 32 - Math.clz32(value + 1);
      fixed(0, length - 1);
      fixed(value + 1, length);
    },
    /** The bytes of a square of a plane. Only when aligned. */
    block(plane: Uint8Array, { stride, left, top, side }: Block): void {
      for (let y = top; y < top + side; y++)
        for (let x = left; x < left + side; x++) bytes.push(plane[y * stride + x] as number);
    },
    /** Ends with a one, and zeros up to a whole byte. */
    close(): readonly number[] {
      bit(1);
      align();
      return bytes;
    },
  };
}
