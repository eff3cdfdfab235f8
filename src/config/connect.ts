import { defineArea } from "./area.ts";
import { whole } from "./fields.ts";

export const connect = defineArea({
  title: "Mirrors of the host's tables",
  variables: {
    MIRROR_PATIENCE_MS: whole(60_000, 0, 3_600_000).describe(
      "How long work that follows changes of the host waits while a mirror is behind, stopped or in a resync. Afterwards it runs with what is mirrored.",
    ),
  },
  read: (v) => ({ mirrorPatienceMs: v.MIRROR_PATIENCE_MS }),
});
