import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderStore } from "../../../src/ports/media-store/folder.ts";
import { FileFaulty, StoreUnavailable } from "../../../src/ports/media-store/media-store.ts";

const never = new AbortController().signal;

async function scene() {
  const base = await mkdtemp(join(tmpdir(), "media-"));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const folder = join(base, "store");
  await mkdir(join(folder, "a/b"), { recursive: true });
  await writeFile(join(folder, "a/b/clip.mp4"), "0123456789");
  await writeFile(join(base, "secret"), "secret");
  const store = folderStore(folder);
  /** What opening a key throws, in one word. */
  const faultOf = async (key: string) => {
    try {
      await (await store.open(key, never)).close();
      return "none";
    } catch (error) {
      if (error instanceof FileFaulty) return error.fault;
      return error instanceof StoreUnavailable ? `store: ${error.reason}` : error;
    }
  };
  return { base, folder, store, faultOf };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("media in a folder", () => {
  it("are read in ranges", async () => {
    const { store } = await scene();
    const file = await store.open("a/b/clip.mp4", never);
    expect(file.size).toBe(10);
    expect(text(await file.read(0, 10, never))).toBe("0123456789");
    expect(text(await file.read(7, 2, never))).toBe("78");
    await file.close();
  });

  it.each([
    "../secret",
    "a/../../secret",
    "a/./b/clip.mp4",
    "..",
    "",
    "/etc/passwd",
    "a//b",
    "a/b/clip.mp4\0.jpg",
    "a\\..\\..\\secret",
    "a/b/\nclip",
    "x".repeat(1_025),
  ])("are not reached by the key %j", async (key) => {
    expect(await (await scene()).faultOf(key)).toBe("bad-key");
  });

  it("are regular files in the folder itself: no link, on the way or at the end, no FIFO, device or folder", async () => {
    const { base, folder, faultOf } = await scene();
    await symlink(join(base, "secret"), join(folder, "link"));
    await symlink("/dev/zero", join(folder, "zero"));
    await symlink(base, join(folder, "up"));
    await symlink(join(folder, "a"), join(folder, "inside"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    for (const key of ["link", "zero", "up/secret", "inside/b/clip.mp4", "fifo", "a"])
      expect(await faultOf(key), key).toBe("not-a-file");
  });

  it("may be behind a link that leads to the folder", async () => {
    const { base, folder } = await scene();
    await symlink(folder, join(base, "mount"));
    const file = await folderStore(join(base, "mount")).open("a/b/clip.mp4", never);
    expect(file.size).toBe(10);
    await file.close();
  });

  it("a file that is missing is its own fault, a folder that is missing that of the store", async () => {
    const { folder, faultOf } = await scene();
    expect(await faultOf("a/none")).toBe("missing");
    expect(await faultOf("a/b/clip.mp4/none")).toBe("missing");
    await rename(folder, `${folder}.gone`);
    expect(await faultOf("a/b/clip.mp4")).toBe("store: ENOENT");
  });

  it("a file that is written to between two reads, or cut short, has changed", async () => {
    const { store, folder } = await scene();
    const path = join(folder, "a/b/clip.mp4");
    const file = await store.open("a/b/clip.mp4", never);
    await file.read(0, 4, never);
    await writeFile(path, "0123456789abc");
    await expect(file.read(4, 4, never)).rejects.toMatchObject({ fault: "changed-while-read" });
    await file.close();
    const again = await store.open("a/b/clip.mp4", never);
    await writeFile(path, "01");
    await expect(again.read(4, 4, never)).rejects.toMatchObject({ fault: "changed-while-read" });
    await again.close();
  });

  it("a file that is replaced is read to its end as it was", async () => {
    const { store, folder } = await scene();
    const file = await store.open("a/b/clip.mp4", never);
    await writeFile(join(folder, "new"), "another one");
    await rename(join(folder, "new"), join(folder, "a/b/clip.mp4"));
    expect(text(await file.read(4, 4, never))).toBe("4567");
    await file.close();
  });

  it("are deleted, once or twice", async () => {
    const { store, faultOf } = await scene();
    await store.delete("a/b/clip.mp4", never);
    await store.delete("a/b/clip.mp4", never);
    expect(await faultOf("a/b/clip.mp4")).toBe("missing");
    await expect(store.delete("../secret", never)).rejects.toMatchObject({ fault: "bad-key" });
  });
});
