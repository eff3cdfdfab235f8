import type { DestinationStream } from "pino";

/** The log of the demo: counted while the story is told, so that it does not break into the tables; shown line by line later. */
export type DemoLog = {
  readonly destination: DestinationStream;
  /** What was counted so far, and from now on every line goes straight to the terminal. */
  release(): { readonly level: string; readonly message: string; readonly times: number }[];
  /** The counted lines as they came, for when the story breaks off. */
  lines(): readonly string[];
};

/** Expects the lines of a JSON logger; `show` is given those that are not counted. */
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
