import { inLab, type TestFunction } from '../in-lab.ts';
import { concurrencyChecks } from './concurrency.ts';
import { type RuntimeAbilities, runtimeCrashSuite } from './crash.ts';
import { execChecks } from './exec.ts';
import { exitChecks } from './exits.ts';
import { identityChecks } from './identity.ts';
import { killChecks } from './kills.ts';
import type { RuntimeFactory } from './fixture.ts';
import { type AddCheck, Lab } from './lab.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { stdioChecks } from './stdio.ts';

const ALL: RuntimeAbilities = { terminal: true, exec: true, programs: true };

export interface RuntimeSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: RuntimeFactory;
  /** As in the driver's manifest; all if absent. Of one that runs no programs, what needs one is left out, and told. */
  readonly abilities?: RuntimeAbilities;
  /** Its process is killed at every so many effects of a verb, at the first and the last in any case. Absent: at every one. */
  readonly every?: number;
  /** Told of what is not proven, and why. */
  readonly skipped?: (what: string, why: string) => void;
}

/**
 * Proves that a runtime driver keeps the contract in `RUNTIME_VERBS` with real processes. Wants root. Removes what it
 * made, also when a check fails, and holds every check against what is left on the host after it.
 */
export function runtimeSuite({ test, factory, abilities = ALL, skipped = tell, ...sampling }: RuntimeSuite): void {
  const { programs } = abilities;
  const inOne = inLab(test, async () => new Lab(await factory()));
  const check: AddCheck = (name, body) =>
    inOne(name, async (lab) => {
      await body(lab);
      await lab.removeAll();
      await lab.assertNothingRemains();
    });
  let left = 0;
  const checkProgram: AddCheck = (name, body) => {
    if (programs) check(name, body);
    else left += 1;
  };
  lifeCycleChecks(check, checkProgram);
  exitChecks(checkProgram);
  stdioChecks(checkProgram);
  execChecks(checkProgram);
  identityChecks(checkProgram);
  concurrencyChecks(check, checkProgram);
  killChecks(checkProgram);
  runtimeCrashSuite({ test, factory, abilities, ...sampling });
  if (left > 0) skipped(`${left} checks of the runtime kit`, 'they run programs in containers, and this driver runs none');
}

function tell(what: string, why: string): void {
  process.stderr.write(`SKIP ${what}: ${why}\n`);
}
