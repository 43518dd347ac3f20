import { inLab, type TestFunction } from '../in-lab.ts';
import { deliveryChecks } from './delivery-checks.ts';
import { Lab, type LogFactory } from './lab.ts';
import { optionChecks } from './option-checks.ts';
import { readingChecks } from './reading-checks.ts';

export interface LogSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: LogFactory;
}

/**
 * Proves that a log driver that takes output over (`spool` and not `direct` in its manifest) keeps the contract in `LOG_VERBS`: nothing
 * lost, order kept, exactly once where it keeps files, at least once where it sends them away; options; reading back where it can.
 * Needs no root; a file system that can punch holes (ext4, xfs, btrfs, tmpfs). Leaves nothing behind, also when a check fails.
 */
export function logSuite({ test, factory }: LogSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));
  optionChecks(check);
  deliveryChecks(check);
  readingChecks(check);
}
