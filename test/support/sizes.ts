/** Whether tests run in full. */
export const isLong = process.env["LONG_TESTS"] === "1";

/**
 * The size of a test: events of a fault test, runs of a property test. The usual size keeps the suite short;
 * with LONG_TESTS=1 the test runs in full (docs/testing.md).
 */
export const size = (usual: number, long: number): number => (isLong ? long : usual);
