/** How a test runner takes a test: uvu's suite, node:test's `test`, or any other function like it. */
export type TestFunction = (name: string, body: () => Promise<void>) => void;

/** What a check works in. */
export interface Ending {
  /** Before the check; `end` follows also when it fails. */
  begin?(): Promise<void>;
  /** After the check, failed or not: leaves nothing behind. */
  end(): Promise<void>;
}

/** Registers checks with `test` that get a lab each. */
export function inLab<Lab extends Ending>(
  test: TestFunction,
  open: () => Promise<Lab>,
): (name: string, body: (lab: Lab) => Promise<void>) => void {
  return (name, body) =>
    test(name, async () => {
      const lab = await open();
      try {
        await lab.begin?.();
        await body(lab);
      } finally {
        await lab.end();
      }
    });
}
