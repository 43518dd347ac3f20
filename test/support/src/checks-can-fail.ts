import { report, type TestFunction } from './report-checks.ts';

/** A driver that is wrong in one respect, and how it comes to be. */
export interface WrongDriver<Make> {
  /** What it does wrong, in the third person. */
  readonly does: string;
  readonly make: Make;
}

/** Where calls race, a mistake need not show each time. That it shows once proves that the check can fail. */
const TRIES = 3;

/** Several checks that catch the same wrong driver, for `wrong` of {@link checksCanFail}. */
export function caughtBy<Make>(checks: readonly string[], wrong: WrongDriver<Make>): { readonly [check: string]: WrongDriver<Make> } {
  return Object.fromEntries(checks.map((check) => [check, wrong]));
}

/**
 * Proves that every check of a kit can fail: adds a test for each, which runs it against a driver that it exists to catch, and one that fails where a
 * check has no such driver. `kit` runs the kit with the factory for a given driver; `wrong` names a driver for each check by the check's name.
 */
export function checksCanFail<Make>({
  test,
  of,
  kit,
  wrong,
}: {
  readonly test: TestFunction;
  /** The kit's name in reports. */
  readonly of: string;
  readonly kit: (test: TestFunction, make: Make) => void;
  readonly wrong: { readonly [check: string]: WrongDriver<Make> };
}): void {
  const checksFor = (make: Make): ReadonlyMap<string, () => Promise<void>> => {
    const checks = new Map<string, () => Promise<void>>();
    kit((name, body) => void checks.set(name, body), make);
    return checks;
  };
  for (const [check, { does, make }] of Object.entries(wrong)) {
    test(`given a driver that ${does}, when it is checked, then this fails: ${check}`, async () => {
      let failure: unknown;
      for (let tries = 0; failure === undefined && tries < TRIES; tries += 1) {
        const body = checksFor(make).get(check);
        if (body === undefined) throw new Error(`the kit has no check of this name: ${check}`);
        failure = await body().then(
          () => undefined,
          (error: unknown) => error ?? new Error('it failed without an error'),
        );
      }
      // A mistake in the wrong driver itself proves nothing.
      const isMistake = failure instanceof TypeError || failure instanceof ReferenceError;
      report({ kit: of, check, does, caught: failure !== undefined && !isMistake });
      if (failure === undefined) throw new Error('the check held');
      if (isMistake) throw failure;
    });
  }
  test('given the checks of the kit, when wrong drivers are counted, then each check has one', async () => {
    const [one] = Object.values(wrong);
    if (one === undefined) throw new Error('there are no wrong drivers');
    const missing = [...checksFor(one.make).keys()].filter((check) => !(check in wrong));
    if (missing.length > 0) throw new Error(`no wrong driver for:\n${missing.join('\n')}`);
  });
}
