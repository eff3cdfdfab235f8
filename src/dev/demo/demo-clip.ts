import { openH264, type Picture } from "./h264.ts";
import { mp4Of } from "./mp4.ts";

const WIDTH = 160;
const HEIGHT = 96;
const FRAMES_PER_SECOND = 10;
const SECONDS = 2;

/** Luma, blue and red. */
type Colour = readonly [number, number, number];
const SKY: Colour = [190, 140, 110];
const WATER: Colour = [90, 160, 100];
const WAVE: Colour = [130, 150, 105];
const DUCK: Colour = [200, 50, 150];
const BEAK: Colour = [140, 60, 190];

/** A duck swims down a river, as an MP4 of two seconds. */
export function duckClip(): Buffer {
  const size = { width: WIDTH, height: HEIGHT };
  const codec = openH264(size);
  const pictures = Array.from({ length: FRAMES_PER_SECOND * SECONDS }, (_, n) => codec.encode(draw(n), n));
  return mp4Of({ size, framesPerSecond: FRAMES_PER_SECOND, codec, pictures });
}

function draw(frame: number): Picture {
  const luma = new Uint8Array(WIDTH * HEIGHT);
  const blue = new Uint8Array(luma.length / 4);
  const red = new Uint8Array(luma.length / 4);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const [brightness, blueness, redness] = colourAt(x, y, frame);
      luma[y * WIDTH + x] = brightness;
      const cell = (y >> 1) * (WIDTH / 2) + (x >> 1);
      blue[cell] = blueness;
      red[cell] = redness;
    }
  return { luma, blue, red };
}

function colourAt(x: number, y: number, frame: number): Colour {
  const shore = HEIGHT * 0.55;
  const [duckX, duckY] = [20 + frame * 6, shore + 2 * Math.sin(frame)];
  if (Math.hypot(x - duckX - 18, y - duckY + 14) < 4) return BEAK;
  if (Math.hypot(x - duckX - 10, y - duckY + 14) < 8) return DUCK;
  if (Math.hypot((x - duckX) / 1.6, y - duckY) < 9) return DUCK;
  if (y < shore) return SKY;
  return Math.sin((x + 4 * frame) / 5 + y) > 0.9 ? WAVE : WATER;
}
