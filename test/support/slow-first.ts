import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Small files that take long: they start servers, programs or a browser, or wait for faults to show. */
const SLOW = /\/(chaos|faults|examples)\/|\.browser\.test\.ts$|\/demo\/demo\.test\.ts$/;

/**
 * Runs slow files first. On a fresh clone, which knows no times of an earlier run, vitest begins with the
 * largest, and at the end one browser test ran alone.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
