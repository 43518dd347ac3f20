import type { CaughtDriver, Report } from '@shiplog/test-support';

/** How one kit went on one driver. */
export interface Row {
  /** Family and name, and after a comma how it was set up. */
  readonly driver: string;
  readonly suite: string;
  readonly passed: number;
  readonly failed: readonly { readonly check: string; readonly failure: string }[];
  /** Why the kit, or some of it, was not run here. */
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
  return { rows: sorted([...rows.values()], keyOfRow), wrong: sorted(wrong, keyOfWrong) };
}

/** The results of a later run of some kits in place of theirs; all else as it was. The machine is the earlier one's. */
export function merged(earlier: Results, later: Results): Results {
  const rows = new Set(later.rows.map(keyOfRow));
  const wrong = new Set(later.wrong.map(keyOfWrong));
  return {
    machine: earlier.machine,
    rows: sorted([...earlier.rows.filter((row) => !rows.has(keyOfRow(row))), ...later.rows], keyOfRow),
    wrong: sorted([...earlier.wrong.filter((one) => !wrong.has(keyOfWrong(one))), ...later.wrong], keyOfWrong),
  };
}

const keyOfRow = ({ driver, suite }: Row): string => `${driver} ${suite}`;
const keyOfWrong = ({ kit, check, does }: CaughtDriver): string => `${kit} ${check} ${does}`;

function sorted<T>(values: readonly T[], key: (value: T) => string): readonly T[] {
  return values.toSorted((a, b) => key(a).localeCompare(key(b), 'en'));
}

/** A row in a few words. */
export function wordsOf({ passed, failed, skipped }: Row): string {
  const ran = failed.length === 0 ? `${passed} passed` : `${failed.length} FAILED, ${passed} passed`;
  if (skipped === undefined) return ran;
  return passed + failed.length === 0 ? `skipped: ${skipped}` : `${ran}; skipped: ${skipped}`;
}
