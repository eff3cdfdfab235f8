import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { duckClip } from "./demo-clip.ts";

type MediaScene = {
  readonly db: Database;
  readonly organizationIds: readonly string[];
  readonly mediaFolder: string;
  readonly name: string;
};

const WIDTH = 640;
const HEIGHT = 360;
const RATE = 8_000;
const SECONDS = 3;

/** A volunteer uploads a picture. */
export async function aPictureIsUploaded(scene: MediaScene): Promise<object> {
  return { mediaId: await upload(scene, "IMAGE", "sunset.png", sunset()) };
}

/** A sound, a clip, and one whose upload was cut off. */
export async function aSoundAndClipsAreUploaded(scene: MediaScene): Promise<object> {
  await upload(scene, "AUDIO", "tone.wav", tone());
  const clip = duckClip();
  await upload(scene, "VIDEO", "duck.mp4", clip);
  await upload(scene, "VIDEO", "cut-off.mp4", clip.subarray(0, clip.length / 2));
  return {};
}

/** Leaves a file whose record is gone. */
export async function aFileIsLeftOver({ mediaFolder, name }: MediaScene): Promise<object> {
  const key = `${name}-left-over.png`;
  await writeFile(join(mediaFolder, key), sunset());
  return { keys: [key] };
}

async function upload(
  { db, organizationIds, mediaFolder, name }: MediaScene,
  kind: string,
  file: string,
  bytes: Buffer,
): Promise<string> {
  const key = `${name}-${file}`;
  await writeFile(join(mediaFolder, key), bytes);
  const [record] = await rows<{ id: string }>(
    db.drizzle,
    sql`insert into media (owner_id, kind, storage_key)
        select user_id, ${kind}, ${key} from volunteer_profiles where organization_id = ${organizationIds[0]}
        order by id limit 1 returning id`,
  );
  if (!record) throw new Error("The demo has no volunteers.");
  return record.id;
}

/** A sun over the sea, as a PNG. */
function sunset(): Buffer {
  const lines: Buffer[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    // Each line begins with its filter: none.
    const line = Buffer.alloc(1 + WIDTH * 3);
    for (let x = 0; x < WIDTH; x++) line.set(colourAt(x, y), 1 + x * 3);
    lines.push(line);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // 8 bits each of red, green and blue.
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = deflateSync(Buffer.concat(lines));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colourAt(x: number, y: number): readonly [number, number, number] {
  const horizon = HEIGHT * 0.6;
  const isSun = Math.hypot(x - WIDTH / 2, y - horizon) < HEIGHT * 0.2;
  if (y >= horizon) return [30, 60 + Math.round((40 * (HEIGHT - y)) / HEIGHT), 110];
  return isSun ? [255, 210, 90] : [220, 90 + Math.round((110 * y) / horizon), 80];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** An A, as a WAV of 16 bits. */
function tone(): Buffer {
  const samples = Buffer.alloc(RATE * SECONDS * 2);
  for (let n = 0; n < RATE * SECONDS; n++)
    samples.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * n) / RATE)), n * 2);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  // PCM, one channel.
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
