import { describe, expect, it } from "vitest";
import { spaceFinding } from "../../src/doctor/folder-checks.ts";
import { environmentOf } from "../support/cli.ts";
import { faultsOf, line, soundWorld } from "../support/doctor.ts";

describe("commonwork doctor finds", () => {
  it("19: a folder of media that is missing, cannot be read, or is on a disk without space", async () => {
    const environment = environmentOf(await soundWorld());
    expect(await faultsOf({ ...environment, MEDIA_FOLDER: "no/such/folder" })).toEqual([
      line("Folder of media", /^MEDIA_FOLDER \(.*no\/such\/folder\) does not exist\.$/),
    ]);
    expect(await faultsOf({ ...environment, MEDIA_FOLDER: "package.json/media" })).toEqual([
      line("Folder of media", /^MEDIA_FOLDER \(.*\) cannot be read \(ENOTDIR\)\.$/),
    ]);
    expect(await faultsOf({ ...environment, MEDIA_FOLDER: "test" })).toEqual([]);
    const folder = {
      variable: "MEDIA_FOLDER",
      path: "/media",
      needs: "read",
      whenFull: "Add space.",
    } as const;
    const roomy = { bavail: 50, blocks: 100, ffree: 50, files: 100 };
    expect(spaceFinding(folder, roomy)).toBeNull();
    expect(spaceFinding(folder, { ...roomy, bavail: 4 })).toEqual({
      status: "warning",
      found: "The disk of MEDIA_FOLDER (/media) has 4 % left.",
      action: "Add space.",
    });
    expect(spaceFinding(folder, { ...roomy, ffree: 1 })?.found).toContain("1 % of its file entries left");
    expect(spaceFinding(folder, { ...roomy, ffree: 0, files: 0 })).toBeNull();
  });
});
