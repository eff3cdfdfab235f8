import type { DestinationStream } from "pino";

/**
 * The log of the demo: counted while tables are printed, so that it does not interrupt them; printed line by
 * line afterwards.
 */
export type DemoLog = {
  readonly destination: DestinationStream;
  /** Returns the counts so far. From then on each line is printed at once. */
  release(): { readonly level: string; readonly message: string; readonly times: number }[];
  /** The counted lines themselves, in order. */
  lines(): readonly string[];
};

/** Expects JSON log lines; `show` receives those that are not counted. */
export function createDemoLog(show: (line: string) => void): DemoLog {
  const held: string[] = [];
  let counting = true;
  return {
    destination: {
      write(line) {
        if (counting) held.push(line);
        else show(line);
      },
    },
    release() {
      counting = false;
      const counts = new Map<string, { level: string; message: string; times: number }>();
      for (const line of held) {
        const { level = "", msg: message = "" } = JSON.parse(line) as { level?: string; msg?: string };
        const seen = counts.get(`${level} ${message}`);
        counts.set(`${level} ${message}`, { level, message, times: (seen?.times ?? 0) + 1 });
      }
      return [...counts.values()];
    },
    lines: () => held,
  };
}
