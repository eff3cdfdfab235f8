import { FLACDecoder } from "@wasm-audio-decoders/flac";
import { OggVorbisDecoder } from "@wasm-audio-decoders/ogg-vorbis";
import { AudioSampleSink, EncodedPacketSink, type Input, type InputAudioTrack } from "mediabunny";
import { MPEGDecoder } from "mpg123-decoder";
import { OpusDecoder } from "opus-decoder";
import type { ByteReader } from "./byte-reader.ts";

/** Decoded samples of each channel, from -1 to 1, all of one length. */
export type SoundPart = { readonly channels: readonly Float32Array[]; readonly sampleRate: number };

/** The number of bytes passed to a decoder at a time: its samples take some 50 times as much. */
const PART = 64 * 1024;

/** A decoder to which a file is passed from its first byte to its last. */
type StreamDecoder = {
  readonly ready: Promise<unknown>;
  decode(bytes: Uint8Array): Decoded | Promise<Decoded>;
  flush?(): Promise<Decoded>;
  free(): void;
};

type Decoded = { readonly channelData: readonly Float32Array[]; readonly sampleRate: number };

/** Those in WebAssembly, by codec. */
const STREAM_DECODERS: Readonly<Record<string, () => StreamDecoder>> = {
  mp3: () => new MPEGDecoder(),
  flac: () => new FLACDecoder(),
  vorbis: () => new OggVorbisDecoder(),
};

/**
 * Decodes a sound from its beginning to its end, a part at a time.
 *
 * @returns null for a codec that no package here decodes, such as AAC, or Opus with more than two channels.
 */
export async function decodeSound(
  bytes: ByteReader,
  input: Input,
): Promise<AsyncGenerator<SoundPart> | null> {
  const track = await input.getPrimaryAudioTrack();
  const codec = (await track?.getCodec()) ?? null;
  if (!track || codec === null) return null;
  if (codec.startsWith("pcm-") || codec === "ulaw" || codec === "alaw") return decodeSamples(track);
  if (codec === "opus") {
    const channels = await track.getNumberOfChannels();
    return channels > 2 ? null : decodeOpus(track, channels);
  }
  const open = STREAM_DECODERS[codec];
  return open ? decodeStream(bytes, open()) : null;
}

/** Samples that are stored as they are. */
async function* decodeSamples(track: InputAudioTrack): AsyncGenerator<SoundPart> {
  for await (const sample of new AudioSampleSink(track).samples()) {
    const channels = Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
      const plane = new Float32Array(sample.numberOfFrames);
      sample.copyTo(plane, { planeIndex, format: "f32-planar" });
      return plane;
    });
    yield { channels, sampleRate: sample.sampleRate };
    sample.close();
  }
}

async function* decodeOpus(track: InputAudioTrack, channels: number): AsyncGenerator<SoundPart> {
  const decoder = new OpusDecoder({ channels });
  await decoder.ready;
  try {
    for await (const { data } of new EncodedPacketSink(track).packets()) {
      const { channelData, sampleRate } = decoder.decodeFrame(data);
      yield { channels: channelData, sampleRate };
    }
  } finally {
    decoder.free();
  }
}

async function* decodeStream(bytes: ByteReader, decoder: StreamDecoder): AsyncGenerator<SoundPart> {
  await decoder.ready;
  try {
    for (let start = 0; start < bytes.size; start += PART) {
      const { channelData, sampleRate } = await decoder.decode(await bytes.readUpTo(start, PART));
      yield { channels: channelData, sampleRate };
    }
    const rest = await decoder.flush?.();
    if (rest) yield { channels: rest.channelData, sampleRate: rest.sampleRate };
  } finally {
    decoder.free();
  }
}
