import { inLab, type TestFunction } from '../in-lab.ts';
import { concurrencyChecks } from './concurrency.ts';
import { execChecks } from './exec.ts';
import { exitChecks } from './exits.ts';
import { identityChecks } from './identity.ts';
import { killChecks } from './kills.ts';
import { type AddCheck, Lab, type RuntimeFactory } from './lab.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { stdioChecks } from './stdio.ts';

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
  const inOne = inLab(test, async () => new Lab(await factory()));
  const check: AddCheck = (name, body) =>
    inOne(name, async (lab) => {
      await body(lab);
      await lab.removeAll();
      await lab.assertNothingRemains();
    });
  lifeCycleChecks(check);
  exitChecks(check);
  stdioChecks(check);
  execChecks(check);
  identityChecks(check);
  concurrencyChecks(check);
  killChecks(check);
}
