import type { H264, PictureSize } from "./h264.ts";

/** The content of a video: H.264 pictures of one size at a fixed rate. */
export type Video = {
  readonly size: PictureSize;
  readonly framesPerSecond: number;
  readonly codec: Pick<H264, "sequence" | "parameters">;
  /** NAL units, one for each picture. */
  readonly pictures: readonly Buffer[];
};

/** Writes a video as an MP4 whose index comes first. */
export function mp4Of(video: Video): Buffer {
  const samples = video.pictures.map(withLength);
  const type = box("ftyp", text("isom"), uint32(512), text("isomiso2avc1mp41"));
  const indexAt = (firstSample: number): Buffer => index(video, samples, firstSample);
  // Its length does not depend on where the samples are.
  const before = type.length + indexAt(0).length + BOX_HEADER;
  return Buffer.concat([type, indexAt(before), box("mdat", ...samples)]);
}

const BOX_HEADER = 8;
/** Units of time: a picture lasts a whole number of them at any usual rate. */
const TIME_SCALE = 12_800;
/** No rotation and no scaling, in fixed-point numbers. */
const IDENTITY = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map((n) => uint32(n)));

function index(video: Video, samples: readonly Buffer[], firstSample: number): Buffer {
  const duration = (samples.length * TIME_SCALE) / video.framesPerSecond;
  const movie = fullBox(
    "mvhd",
    0,
    ...[0, 0, TIME_SCALE, duration, 0x10000].map((n) => uint32(n)),
    uint16(0x100),
    Buffer.alloc(10),
    IDENTITY,
    Buffer.alloc(24),
    uint32(2),
  );
  return box("moov", movie, track(video, { samples, firstSample, duration }));
}

type Track = { readonly samples: readonly Buffer[]; readonly firstSample: number; readonly duration: number };

function track(video: Video, { samples, firstSample, duration }: Track): Buffer {
  const { width, height } = video.size;
  const header = fullBox(
    "tkhd",
    3, // enabled, and part of the movie
    ...[0, 0, 1, 0, duration].map((n) => uint32(n)),
    Buffer.alloc(16),
    IDENTITY,
    ...[width * 0x10000, height * 0x10000].map((n) => uint32(n)),
  );
  const mediaHeader = fullBox(
    "mdhd",
    0,
    ...[0, 0, TIME_SCALE, duration].map((n) => uint32(n)),
    uint16(0x55c4), // no language
    uint16(0),
  );
  const handler = fullBox("hdlr", 0, uint32(0), text("vide"), Buffer.alloc(12), text("video\0"));
  const here = box("dinf", fullBox("dref", 0, uint32(1), fullBox("url ", 1)));
  const information = box(
    "minf",
    fullBox("vmhd", 1, Buffer.alloc(8)),
    here,
    box("stbl", ...sampleTables(video, samples, firstSample)),
  );
  return box("trak", header, box("mdia", mediaHeader, handler, information));
}

function sampleTables(video: Video, samples: readonly Buffer[], firstSample: number): Buffer[] {
  const { length } = samples;
  return [
    fullBox("stsd", 0, uint32(1), avc1(video)),
    fullBox("stts", 0, uint32(1), uint32(length), uint32(TIME_SCALE / video.framesPerSecond)),
    fullBox("stsc", 0, uint32(1), uint32(1), uint32(length), uint32(1)),
    fullBox("stsz", 0, uint32(0), uint32(length), ...samples.map((sample) => uint32(sample.length))),
    fullBox("stco", 0, uint32(1), uint32(firstSample)),
  ];
}

function avc1({ size: { width, height }, codec: { sequence, parameters } }: Video): Buffer {
  const configuration = box(
    "avcC",
    Buffer.from([1]),
    sequence.subarray(1, 4),
    Buffer.from([0xff, 0xe1]), // lengths of four bytes, one sequence parameter set
    uint16(sequence.length),
    sequence,
    Buffer.from([1]),
    uint16(parameters.length),
    parameters,
  );
  return box(
    "avc1",
    Buffer.alloc(6),
    uint16(1),
    Buffer.alloc(16),
    uint16(width),
    uint16(height),
    uint32(0x480000), // 72 dots per inch
    uint32(0x480000),
    uint32(0),
    uint16(1),
    Buffer.alloc(32),
    uint16(24),
    uint16(0xffff),
    configuration,
  );
}

const withLength = (unit: Buffer): Buffer => Buffer.concat([uint32(unit.length), unit]);

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([uint32(BOX_HEADER + body.length), text(type), body]);
}

/** A box with a version, 0, and flags. */
const fullBox = (type: string, flags: number, ...content: readonly Buffer[]): Buffer =>
  box(type, uint32(flags), ...content);

const text = (value: string): Buffer => Buffer.from(value, "latin1");

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
