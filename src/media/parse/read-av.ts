import type { Input, InputAudioTrack, InputVideoTrack } from "mediabunny";
import { type FileFault, isSide, type MediaDetails, type Reading } from "../../scoring/media/limits.ts";
import { type ByteReader, ReadRefused } from "./byte-reader.ts";
import { openInput } from "./open-input.ts";
import { isWholeAv } from "./whole-av.ts";

/** Enough packets to measure the frame rate. */
const PACKETS = 60;

/** Formats whose packets have no index: their last one is found by reading all of them. */
const WITHOUT_INDEX = ["mp3", "flac"];

/** Bits per second. A file with more is not a valid MP3 or FLAC, so its header does not give the duration. */
const MAX_BITS: Readonly<Record<string, number>> = { mp3: 400_000, flac: 20_000_000 };

/** Reads the headers of a video or audio file. Titles, places, names and pictures in it are never read. */
export async function readAv(bytes: ByteReader, container: string): Promise<Reading> {
  if (!(await isWholeAv(container, bytes))) return unreadable("truncated");
  const input = openInput(bytes);
  try {
    return await readInput(input, bytes.size, container);
  } finally {
    input.dispose();
  }
}

const unreadable = (fault: FileFault): Reading => ({ kind: "unreadable", fault });

async function readInput(input: Input, size: number, container: string): Promise<Reading> {
  const video = await input.getPrimaryVideoTrack();
  const audio = await input.getPrimaryAudioTrack();
  if (!video && !audio) return unreadable("no-tracks");
  const seconds = await durationOf(input, size, container);
  if (!(seconds > 0 && seconds < Number.MAX_SAFE_INTEGER / 1_000)) return unreadable("no-duration");
  const picture = video ? await pictureOf(video) : null;
  if (picture && !(isSide(picture.width) && isSide(picture.height))) return unreadable("no-size");
  const details: MediaDetails = {
    container,
    ...(picture?.details ?? {}),
    ...(audio ? await soundOf(audio) : {}),
    bitRate: Math.round((size * 8) / seconds),
  };
  return {
    kind: "read",
    metadata: {
      kind: video ? "VIDEO" : "AUDIO",
      mimeType: mimeTypeOf(container, video !== null),
      ...(picture ? { width: picture.width, height: picture.height } : {}),
      durationMs: Math.round(seconds * 1_000),
      details,
    },
  };
}

/**
 * In seconds: the end of the last packet. The duration in the header of a file may be anything; it is used
 * where finding the last packet takes reading all of them, and where the size of the file does not contradict
 * it.
 */
async function durationOf(input: Input, size: number, container: string): Promise<number> {
  if (WITHOUT_INDEX.includes(container)) {
    const declared = await input.getDurationFromMetadata();
    if (declared !== null && declared > 0 && (size * 8) / declared <= (MAX_BITS[container] ?? 0))
      return declared;
  }
  return input.computeDuration();
}

/** Subtypes that differ from the name of the container. */
const SUBTYPES: Readonly<Record<string, string>> = { mov: "quicktime", mkv: "x-matroska", mp3: "mpeg" };

const mimeTypeOf = (container: string, isVideo: boolean): string =>
  `${isVideo ? "video" : "audio"}/${SUBTYPES[container] ?? container}`;

type Picture = { readonly width: number; readonly height: number; readonly details: Partial<MediaDetails> };

async function pictureOf(track: InputVideoTrack): Promise<Picture> {
  const [codec, rotation] = [await track.getCodec(), await track.getRotation()];
  const frameRate = await frameRateOf(track);
  return {
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    details: {
      ...(codec === null ? {} : { videoCodec: codec }),
      ...(frameRate === null ? {} : { frameRate }),
      ...(rotation === 0 ? {} : { rotation }),
    },
  };
}

/** From the first packets. They may be large, and are not worth the whole budget of the file. */
async function frameRateOf(track: InputVideoTrack): Promise<number | null> {
  try {
    const { averagePacketRate } = await track.computePacketStats(PACKETS);
    return averagePacketRate > 0 && Number.isFinite(averagePacketRate)
      ? Math.round(averagePacketRate * 1_000) / 1_000
      : null;
  } catch (error) {
    if (error instanceof ReadRefused && error.fault === "byte-budget") return null;
    throw error;
  }
}

async function soundOf(track: InputAudioTrack): Promise<Partial<MediaDetails>> {
  const codec = await track.getCodec();
  const channels = await track.getNumberOfChannels();
  const sampleRate = await track.getSampleRate();
  return {
    ...(codec === null ? {} : { audioCodec: codec }),
    ...(channels > 0 ? { channels } : {}),
    ...(sampleRate > 0 ? { sampleRate } : {}),
  };
}
