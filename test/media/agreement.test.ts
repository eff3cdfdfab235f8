import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DURATIONS, FIXTURES } from "../support/media.ts";

// What other programs read in the fixtures: apt-get install ffmpeg libimage-exiftool-perl

const isInstalled = (program: string, flag: string): boolean => spawnSync(program, [flag]).status === 0;

const pathOf = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

type Stream = {
  codec_type: string;
  codec_name: string;
  width?: number;
  height?: number;
  avg_frame_rate: string;
  channels?: number;
  sample_rate?: string;
  side_data_list?: { rotation?: number }[];
};

type Probed = { streams: Stream[]; format: { duration: string } };

/** Our names of codecs. */
const CODECS: Readonly<Record<string, string>> = { h264: "avc", pcm_s16le: "pcm-s16" };

const codecOf = (stream: Stream | undefined): string | undefined =>
  stream && (CODECS[stream.codec_name] ?? stream.codec_name);

const frameRateOf = ({ avg_frame_rate }: Stream): number => {
  const [frames = 0, seconds = 1] = avg_frame_rate.split("/").map(Number);
  return frames / seconds;
};

const ofKind = (isImage: boolean): string[] =>
  Object.keys(FIXTURES).filter((name) => (FIXTURES[name]!.kind === "IMAGE") === isImage);

describe("ffprobe agrees", () => {
  const isThere = isInstalled("ffprobe", "-version");
  it.for(ofKind(false))("with what is read of %s", (name, { skip }) => {
    skip(!isThere, "ffprobe is not installed");
    const text = run("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", pathOf(name));
    const { streams, format } = JSON.parse(text) as Probed;
    const { width, height, details } = FIXTURES[name]!;
    const video = streams.find(({ codec_type }) => codec_type === "video");
    const audio = streams.find(({ codec_type }) => codec_type === "audio");
    expect(details.videoCodec).toBe(codecOf(video));
    expect(details.audioCodec).toBe(codecOf(audio));
    expect(details.channels).toBe(audio?.channels);
    expect(details.sampleRate).toBe(audio && Number(audio.sample_rate));
    // Its rotation is counter-clockwise.
    const turned = video?.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
    expect(details.rotation ?? 0).toBe((360 - turned) % 360);
    const [shownWidth, shownHeight] = turned % 180 === 0 ? ["width", "height"] : ["height", "width"];
    expect(width).toBe(video?.[shownWidth as "width"]);
    expect(height).toBe(video?.[shownHeight as "height"]);
    if (video) expect(details.frameRate).toBeCloseTo(frameRateOf(video), 1);
    // Padding at the end of a lossy codec is counted, or not.
    expect(Math.abs(DURATIONS[name]! - Number(format.duration) * 1_000)).toBeLessThanOrEqual(60);
  });
});

describe("exiftool agrees", () => {
  const isThere = isInstalled("exiftool", "-ver");
  it.for(ofKind(true))("with what is read of %s", (name, { skip }) => {
    skip(!isThere, "exiftool is not installed");
    const text = run("exiftool", "-j", "-n", "-ImageWidth", "-ImageHeight", "-Orientation", pathOf(name));
    const [found] = JSON.parse(text) as { ImageWidth: number; ImageHeight: number; Orientation?: number }[];
    const { width, height, details } = FIXTURES[name]!;
    expect(details.orientation ?? 1).toBe(found?.Orientation ?? 1);
    const stored = [found?.ImageWidth, found?.ImageHeight];
    expect([width, height]).toEqual((details.orientation ?? 1) >= 5 ? stored.reverse() : stored);
  });
});
