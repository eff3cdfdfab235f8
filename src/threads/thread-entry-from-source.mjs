import { register } from "tsx/esm/api";

// Node 20 does not read TypeScript in a thread: tsx is registered here, then the real entry is loaded.
register();
const { default: perform } = await import("./thread-entry.ts");
// biome-ignore lint/style/noDefaultExport: Piscina's contract.
export default perform;
