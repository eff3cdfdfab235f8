import { capabilitiesOf } from "../roles/capabilities.ts";
import { VERSION } from "../version.ts";
import { type Check, type Finding, ok, problem } from "./finding.ts";
import type { Clean } from "./secrets.ts";
import type { SetUp } from "./set-up.ts";

const OLDEST_NODE = [20, 19] as const;

/** Checks of this process alone. */
export const processChecks = (setUp: SetUp, clean: Clean): Check[] => [
  { name: "Version", look: async () => lookAtVersion(process.versions.node) },
  { name: "Configuration", look: async () => lookAtConfiguration(setUp, clean) },
];

/** Whether Node has the version that package.json requires. */
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
