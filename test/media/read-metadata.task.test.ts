import { describe, expect, it } from "vitest";
import { parsersLoad, readMetadata } from "../../src/media/read-metadata.task.ts";
import { mediaFixture } from "../support/media.ts";

const MIB = 1024 * 1024;

/** Reads bytes as a thread does, here. */
async function read(bytes: Buffer, budget = MIB) {
  const requested: { start: number; length: number }[] = [];
  const reading = await readMetadata({ size: bytes.length, budget, imageBudget: budget }, async (request) => {
    requested.push(request);
    return bytes.subarray(request.start, request.start + request.length);
  });
  return { reading, requested };
}

describe("the task that reads metadata", () => {
  it("asks for chunks, and gives plain data", async () => {
    expect(parsersLoad()).toBe(true);
    const { reading, requested } = await read(mediaFixture("clip.mp4"));
    expect(reading).toMatchObject({ kind: "read", metadata: { width: 64, height: 48 } });
    expect(structuredClone(reading)).toEqual(reading);
    expect(requested).toEqual([{ start: 0, length: mediaFixture("clip.mp4").length }]);
  });

  it("gives reasons, and no message of a parser", async () => {
    const { reading } = await read(Buffer.from("no media at all"));
    expect(reading).toEqual({ kind: "unreadable", fault: "unknown-type" });
    const { reading: beyond } = await read(mediaFixture("picture.png"), 100);
    expect(beyond).toEqual({ kind: "unreadable", fault: "byte-budget" });
  });

  it("throws nothing, whatever the store does: the caller has the error", async () => {
    const failing = async () => {
      throw new Error("the store is away");
    };
    expect(await readMetadata({ size: 100, budget: MIB, imageBudget: MIB }, failing)).toEqual({
      kind: "unreadable",
      fault: "unreadable",
    });
  });
});
