import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { capabilitiesOf } from "../roles/capabilities.ts";
import { VERSION } from "../version.ts";
import { type Check, type Finding, ok, problem, warning } from "./finding.ts";
import type { Clean } from "./secrets.ts";
import type { SetUp } from "./set-up.ts";

const OLDEST_NODE = [20, 19] as const;

/** What concerns this process alone. */
export const processChecks = (setUp: SetUp, clean: Clean): Check[] => [
  { name: "Version", look: async () => lookAtVersion(process.versions.node) },
  { name: "Configuration", look: async () => lookAtConfiguration(setUp, clean) },
  { name: "Folder for e-mails", look: () => lookAtFolder(setUp) },
];

/** Node has the versions that package.json asks for. */
export function lookAtVersion(node: string): Finding {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return isOld
    ? problem(`Node ${node} is too old.`, `Use Node ${OLDEST_NODE.join(".")} or newer.`)
    : ok(`commonwork ${VERSION}, Node ${node}`);
}

function lookAtConfiguration({ config, faults }: SetUp, clean: Clean): Finding | Finding[] {
  if (config === null)
    return faults.map((fault) => problem(clean(fault), "docs/configuration.md describes every variable."));
  const off = capabilitiesOf(config).flatMap(({ capability, is }) => (is === "off" ? [capability] : []));
  const without = off.length > 0 ? `; off: ${off.join(", ")}` : "";
  return ok(`valid; roles: ${config.roles.join(", ")}${without}`);
}

/** Less free space than this is worth a look. */
const LOW_SPACE = 0.05;

async function lookAtFolder({ email }: SetUp): Promise<Finding> {
  if (email?.transport.kind !== "file") return ok("not used");
  const folder = resolve(email.transport.folder);
  const existing = await nearestExisting(folder);
  const refusal = await access(existing, constants.W_OK | constants.X_OK).then(
    () => null,
    ({ code }: NodeJS.ErrnoException) => code,
  );
  if (refusal !== null)
    return problem(
      `EMAIL_FOLDER (${folder}) cannot be written (${refusal}).`,
      "Give this user the right to write there, or set another folder.",
    );
  const { bavail, blocks } = await statfs(existing);
  const free = bavail / Math.max(1, blocks);
  return free < LOW_SPACE
    ? warning(
        `The disk of EMAIL_FOLDER (${folder}) has ${Math.round(free * 100)} % left.`,
        "Delete old e-mails, or set another folder.",
      )
    : ok(`${folder} can be written`);
}

/** The folder, or the one in which it would be created. */
async function nearestExisting(folder: string): Promise<string> {
  const exists = await access(folder).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== "ENOENT",
  );
  return exists || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
