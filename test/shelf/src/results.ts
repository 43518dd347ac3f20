import type { CaughtDriver, Report } from '@shiplog/test-support';

/** How one kit went on one driver. */
export interface Row {
  /** Family and name, and after a comma how it was set up. */
  readonly driver: string;
  readonly suite: string;
  readonly passed: number;
  readonly failed: readonly { readonly check: string; readonly failure: string }[];
  /** Why the kit was not run here. */
  readonly skipped?: string;
}

/** What a run of all kits found out. */
export interface Results {
  /** Facts of the machine, for people. */
  readonly machine: { readonly [fact: string]: string };
  readonly rows: readonly Row[];
  /** Which wrong driver each check was tried on. */
  readonly wrong: readonly CaughtDriver[];
}

/** Sums up what checks reported, sorted by driver and kit. */
export function sumUp(reports: readonly Report[]): Pick<Results, 'rows' | 'wrong'> {
  const rows = new Map<
    string,
    { driver: string; suite: string; passed: number; failed: { check: string; failure: string }[]; skipped?: string }
  >();
  const wrong: CaughtDriver[] = [];
  for (const one of reports) {
    if ('kit' in one) {
      wrong.push(one);
      continue;
    }
    const { driver, suite } = one;
    const key = `${driver} ${suite}`;
    const row = rows.get(key) ?? { driver, suite, passed: 0, failed: [] };
    rows.set(key, row);
    if ('skipped' in one) row.skipped = one.skipped;
    else if (one.failure === undefined) row.passed += 1;
    else row.failed.push({ check: one.check, failure: one.failure });
  }
  const by =
    <T>(key: (value: T) => string) =>
    (a: T, b: T): number =>
      key(a).localeCompare(key(b), 'en');
  return {
    rows: [...rows.values()].toSorted(by(({ driver, suite }) => `${driver} ${suite}`)),
    wrong: wrong.toSorted(by(({ kit, check, does }) => `${kit} ${check} ${does}`)),
  };
}

/** A row in a few words. */
export function wordsOf({ passed, failed, skipped }: Row): string {
  if (skipped !== undefined) return `skipped: ${skipped}`;
  return failed.length === 0 ? `${passed} passed` : `${failed.length} FAILED, ${passed} passed`;
}
