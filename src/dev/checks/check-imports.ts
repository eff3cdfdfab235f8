import { text } from "node:stream/consumers";
import type { ICruiseResult } from "dependency-cruiser";
import { type Import, importsIn } from "../docs/folder-graph.ts";
import { folderCycles } from "./folder-cycles.ts";

// npm run check:imports pipes the JSON result of dependency-cruiser, with the rules in
// .dependency-cruiser.cjs, into this.

const { modules, summary } = JSON.parse(await text(process.stdin)) as ICruiseResult;
const arrow = ({ from, to }: Import): string => `${from} -> ${to}`;
const imports = importsIn(modules);
const faults = [
  ...summary.violations.map(({ rule, from, to, cycle = [] }) =>
    [`${rule.name}: ${from}`, ...(cycle.length > 0 ? cycle.map(({ name }) => name) : [to])].join(" -> "),
  ),
  ...folderCycles(imports).map(
    (cycle) =>
      `parts of ${cycle.folder} import each other:\n${cycle.imports.map((one) => `  ${arrow(one)}\n`).join("")}`,
  ),
];

if (modules.length === 0) throw new Error("dependency-cruiser found no files");
for (const fault of faults) process.stdout.write(`${fault}\n`);
if (faults.length === 0) process.stdout.write(`${imports.length} imports follow the rules.\n`);
else process.exitCode = 1;
