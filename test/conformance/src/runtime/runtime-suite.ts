import { concurrencyChecks } from './concurrency.ts';
import { execChecks } from './exec.ts';
import { exitChecks } from './exits.ts';
import { identityChecks } from './identity.ts';
import { killChecks } from './kills.ts';
import { type AddCheck, Lab, type RuntimeFactory } from './lab.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { stdioChecks } from './stdio.ts';

/** How a test runner takes a test: uvu's suite, node:test's `test`, or any other function like it. */
export type TestFunction = (name: string, body: () => Promise<void>) => void;

export interface RuntimeSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: RuntimeFactory;
}

/**
 * Proves that a runtime driver keeps the contract in `RUNTIME_VERBS` with real processes. Wants root. Removes what it
 * made, also when a check fails, and holds every check against what is left on the host after it.
 */
export function runtimeSuite({ test, factory }: RuntimeSuite): void {
  const check: AddCheck = (name, body) => {
    test(name, async () => {
      const lab = new Lab(await factory());
      try {
        await body(lab);
        await lab.removeAll();
        await lab.assertNothingRemains();
      } finally {
        await lab.end();
      }
    });
  };
  lifeCycleChecks(check);
  exitChecks(check);
  stdioChecks(check);
  execChecks(check);
  identityChecks(check);
  concurrencyChecks(check);
  killChecks(check);
}
