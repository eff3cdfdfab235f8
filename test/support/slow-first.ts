import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take longest, so that none of them is still running alone when the others are done. Those whose
 * servers fail are not among them: side by side they would wait for each other.
 */
const SLOW = [
  "test/http/admin/dashboard.browser.test.ts",
  "test/http/admin/areas.browser.test.ts",
  "test/dev/demo/demo.test.ts",
  "test/email/history.properties.test.ts",
];

/** Orders the files of a run: the slow ones first, the others as vitest does. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = SLOW.findIndex((file) => moduleId.endsWith(file));
      return found < 0 ? SLOW.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
