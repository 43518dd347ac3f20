import { appendFileSync } from 'node:fs';

/** How a test runner takes a test. */
export type TestFunction = (name: string, body: () => Promise<void>) => void;

/** What became of one check of a kit. */
export interface CheckResult {
  /** Family and name, such as `storage/overlay`; a variant of how it was set up after a comma. */
  readonly driver: string;
  /** The kit; `crash` for those of its checks that kill drivers. */
  readonly suite: string;
  readonly check: string;
  readonly failure?: string;
}

/** A kit that was not run, or what of it, and why. */
export interface SkippedKit {
  readonly driver: string;
  readonly suite: string;
  readonly skipped: string;
}

/** A check of a kit that was run on a driver made wrong for it. */
export interface CaughtDriver {
  readonly kit: string;
  readonly check: string;
  /** What the driver does wrong. */
  readonly does: string;
  readonly caught: boolean;
}

export type Report = CheckResult | SkippedKit | CaughtDriver;

/** Names the file that {@link report} adds a line of JSON to. */
export const REPORTS = 'SHIPLOG_KIT_REPORTS';

/** Tells the run of all kits (`npm run conformance`) something; does nothing when there is no such run. */
export function report(line: Report): void {
  const file = process.env[REPORTS];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** A runner's `test` that reports how each check of a kit ends on `driver`. */
export function reported(test: TestFunction, driver: string, suite: string): TestFunction {
  return (check, body) =>
    test(check, async () => {
      const facts = { driver, suite: check.startsWith('crash of ') ? 'crash' : suite, check };
      try {
        await body();
      } catch (error) {
        report({ ...facts, failure: error instanceof Error ? error.message : String(error) });
        throw error;
      }
      report(facts);
    });
}

/** Of what takes long, every how many: `every` in tests, and each in the run of all kits. */
export function sampled(every: number): number {
  return process.env[REPORTS] === undefined ? every : 1;
}
