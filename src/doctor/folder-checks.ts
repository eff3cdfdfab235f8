import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Check, type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set-up.ts";

/** The folders of this machine that the service reads or writes. */
export const folderChecks = (setUp: SetUp): Check[] => [
  { name: "Folder for e-mails", look: () => lookAtEmails(setUp) },
  { name: "Folder of media", look: () => lookAtMedia(setUp) },
];

const SEE_CONFIGURATION = "not looked at: see Configuration";

type Folder = {
  /** The variable that names it. */
  readonly variable: string;
  readonly path: string;
  /** The access that the service needs there. */
  readonly needs: "read" | "write";
  /** What to do when its disk is nearly full. */
  readonly whenFull: string;
};

async function lookAtEmails({ email }: SetUp): Promise<Finding> {
  if (email === null) return ok(SEE_CONFIGURATION);
  if (email.transport.kind !== "file") return ok("not used");
  const path = resolve(email.transport.folder);
  const folder = {
    variable: "EMAIL_FOLDER",
    path,
    needs: "write",
    whenFull: "Delete old e-mails, or set another folder.",
  } as const;
  // It is created with the first e-mail.
  return lookAtFolder(folder, await nearestExisting(path));
}

async function lookAtMedia({ media }: SetUp): Promise<Finding> {
  if (media === null) return ok(SEE_CONFIGURATION);
  if (media.mediaStore?.kind !== "folder") return ok("not used");
  const path = resolve(media.mediaStore.folder);
  const folder = {
    variable: "MEDIA_FOLDER",
    path,
    needs: media.media.deleteOrphans ? "write" : "read",
    whenFull:
      "Uploads will fail: add space. `MEDIA_DELETE_ORPHANS=true` deletes files that nothing refers to.",
  } as const;
  return lookAtFolder(folder, path);
}

const RIGHTS = {
  read: { mode: constants.R_OK | constants.X_OK, done: "read", right: "read" },
  write: { mode: constants.R_OK | constants.W_OK | constants.X_OK, done: "written", right: "write" },
} as const;

async function lookAtFolder(folder: Folder, existing: string): Promise<Finding> {
  const { variable, path, needs } = folder;
  const { mode, done, right } = RIGHTS[needs];
  const refusal = await access(existing, mode).then(
    () => null,
    ({ code }: NodeJS.ErrnoException) => code,
  );
  if (refusal === "ENOENT")
    return problem(`${variable} (${path}) does not exist.`, "Mount or create it, or correct the variable.");
  if (refusal !== null)
    return problem(
      `${variable} (${path}) cannot be ${done} (${refusal}).`,
      `Give this user the right to ${right} there, or set another folder.`,
    );
  return spaceFinding(folder, await statfs(existing)) ?? ok(`${path} can be ${done}`);
}

/** Less free space than this is reported. */
const LOW_SPACE = 0.05;

type Space = Pick<Awaited<ReturnType<typeof statfs>>, "bavail" | "blocks" | "ffree" | "files">;

/** A disk that will soon be full, in space or in inodes. */
export function spaceFinding({ variable, path, whenFull }: Folder, space: Space): Finding | null {
  const parts = [
    { what: "", free: Number(space.bavail) / Math.max(1, Number(space.blocks)) },
    // Some file systems do not count inodes.
    {
      what: " of its file entries",
      free: Number(space.files) === 0 ? 1 : Number(space.ffree) / Number(space.files),
    },
  ];
  const low = parts.find(({ free }) => free < LOW_SPACE);
  return low === undefined
    ? null
    : warning(
        `The disk of ${variable} (${path}) has ${Math.round(low.free * 100)} %${low.what} left.`,
        whenFull,
      );
}

/** The folder, or the one in which it would be created. */
async function nearestExisting(folder: string): Promise<string> {
  const exists = await access(folder).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== "ENOENT",
  );
  return exists || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
