import { waveformOf } from "../../scoring/media/previews.ts";
import type { ByteReader } from "./byte-reader.ts";
import { decodeSound } from "./decode-sound.ts";
import { openInput } from "./open-input.ts";

/**
 * The length of sound of which the loudest sample is kept: one part of the waveform of a sound of one second.
 */
const STRETCH_S = 0.005;

/** Decodes a sound and makes its waveform. @returns null if no package here decodes its codec. */
export async function previewSound(bytes: ByteReader): Promise<readonly number[] | null> {
  const input = openInput(bytes);
  try {
    const parts = await decodeSound(bytes, input);
    if (parts === null) return null;
    const levels = openLevels();
    for await (const { channels, sampleRate } of parts) levels.add(channels, sampleRate);
    const waveform = waveformOf(levels.close());
    return waveform.length === 0 ? null : waveform;
  } finally {
    input.dispose();
  }
}

/** Gathers the loudest sample of each stretch, over all channels. */
function openLevels(): {
  add(channels: readonly Float32Array[], sampleRate: number): void;
  close(): number[];
} {
  const levels: number[] = [];
  let loudest = 0;
  let samples = 0;
  return {
    add(channels, sampleRate) {
      const perStretch = Math.max(1, Math.round(sampleRate * STRETCH_S));
      const length = channels[0]?.length ?? 0;
      for (let at = 0; at < length; at++) {
        for (const channel of channels) {
          const level = Math.abs(channel[at] as number);
          // False for NaN, which a file of floats may contain.
          if (level > loudest) loudest = level;
        }
        samples += 1;
        if (samples < perStretch) continue;
        levels.push(loudest);
        loudest = 0;
        samples = 0;
      }
    },
    close() {
      if (samples > 0) levels.push(loudest);
      return levels;
    },
  };
}
