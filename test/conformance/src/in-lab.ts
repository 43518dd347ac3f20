/** How a test runner takes a test: uvu's suite, node:test's `test`, or any other function like it. */
export type TestFunction = (name: string, body: () => Promise<void>) => void;

/** What a check works in. */
export interface Ending {
  /** Before the check; `end` follows also when it fails. */
  begin?(): Promise<void>;
  /** After the check, failed or not: leaves nothing behind. */
  end(): Promise<void>;
}

/** Registers checks with `test` that get a lab each. When a check and the end of its lab fail, the check's failure is told. */
export function inLab<Lab extends Ending>(
  test: TestFunction,
  open: () => Promise<Lab>,
): (name: string, body: (lab: Lab) => Promise<void>) => void {
  return (name, body) =>
    test(name, async () => {
      const lab = await open();
      const work = async (): Promise<void> => {
        await lab.begin?.();
        await body(lab);
      };
      const [checked] = await Promise.allSettled([work()]);
      const [ended] = await Promise.allSettled([lab.end()]);
      if (checked.status === 'rejected') throw checked.reason;
      if (ended.status === 'rejected') throw ended.reason;
    });
}
