import type { OnScheduleFault } from "../schedules/due-slots.ts";
import type { Runtime } from "./runtime.ts";

/** Counts and logs the faults of schedules. */
export const scheduleFaults =
  ({ metrics, log }: Pick<Runtime, "metrics" | "log">): OnScheduleFault =>
  (schedule, fault) => {
    metrics.scheduleFaults.inc({ schedule, kind: fault.kind });
    if (fault.kind === "threw")
      log.error({ err: fault.error, schedule }, "schedule failed; the others continue");
    else
      log.error(
        { schedule, through: fault.through },
        "slots had been opened in the future because of a wrong clock; the schedule was reset",
      );
  };
