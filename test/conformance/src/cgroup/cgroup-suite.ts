import { inLab, type TestFunction } from '../in-lab.ts';
import { cgroupCrashChecks } from './crash.ts';
import { type CgroupAbilities, type CgroupFactory, Lab } from './lab.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { limitChecks } from './limits.ts';
import { processChecks } from './processes.ts';

export interface CgroupSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: CgroupFactory;
  /** As in the driver's manifest; both if absent. */
  readonly abilities?: CgroupAbilities;
}

/**
 * Proves that a cgroup driver keeps the contract in `CGROUP_VERBS` on the real kernel. Wants root and `/bin/sh`. Checks of
 * abilities the driver does not have (`freeze`, `kill`, `stats`) are left out. Leaves no process and no group, also when a
 * check fails.
 */
export function cgroupSuite({ test, factory, abilities = { freeze: true, kill: true } }: CgroupSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));
  lifeCycleChecks(check);
  limitChecks(check);
  processChecks(check);
  cgroupCrashChecks(test, factory, abilities);
}
