import { register } from "tsx/esm/api";

// Node 20 does not read TypeScript in a thread: register tsx, then load the real entry.
register();
const { default: perform } = await import("./thread-entry.ts");
// biome-ignore lint/style/noDefaultExport: Piscina's contract.
export default perform;
