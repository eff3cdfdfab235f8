import type { MediaStoreConfig } from "../../config/media.ts";
import { folderStore } from "./folder.ts";
import type { MediaStore } from "./media-store.ts";
import { withCircuit } from "./store-circuit.ts";

/** Opens the configured store, behind its circuit. */
export const openMediaStore = (config: MediaStoreConfig): MediaStore =>
  withCircuit(config.kind === "folder" ? folderStore(config.folder) : lazyS3Store(config));

/** The SDK takes memory and time to load, so it is loaded for the first file. */
function lazyS3Store(config: Extract<MediaStoreConfig, { kind: "s3" }>): MediaStore {
  let opening: Promise<MediaStore> | null = null;
  const store = (): Promise<MediaStore> => {
    opening ??= import("./s3.ts").then(({ s3Store }) => s3Store(config));
    return opening;
  };
  return {
    open: async (key, signal) => (await store()).open(key, signal),
    delete: async (key, signal) => (await store()).delete(key, signal),
  };
}
