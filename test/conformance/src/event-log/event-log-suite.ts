import type { EventLog } from '@shiplog/contracts';
import type { TestFunction } from '../in-lab.ts';
import { appendTests } from './append-tests.ts';
import { admissionTests } from './admission-tests.ts';
import { followTests } from './follow-tests.ts';
import { indexTests } from './index-tests.ts';
import type { LogTest } from './log-test.ts';
import { noArchiveTests } from './no-archive-tests.ts';
import { prunedTests } from './pruned-tests.ts';
import { pruneTests } from './prune-tests.ts';
import { readTests } from './read-tests.ts';
import { reopenTests } from './reopen-tests.ts';
import { sealTests } from './seal-tests.ts';
import { snapshotTests } from './snapshot-tests.ts';

/** One log's store. `open` after `close` opens the same log again. */
export interface LogUnderTest {
  open(): Promise<EventLog>;
  /** Removes the store. The kit has closed what it opened. */
  cleanup(): Promise<void>;
}

/** Makes an empty store. Stores do not know each other. */
export type EventLogFactory = () => LogUnderTest | Promise<LogUnderTest>;

/** What not every log can do. */
export interface EventLogAbilities {
  /** Old events can be sealed into archives, and pruned. */
  readonly archives: boolean;
}

export interface EventLogSuiteOptions {
  readonly test: TestFunction;
  readonly factory: EventLogFactory;
  /** All if absent. What needs one that the log lacks is left out, and told. */
  readonly abilities?: EventLogAbilities;
  /** Told of what is not proven, and why. Absent: the process says it. */
  readonly skipped?: (what: string, why: string) => void;
}

/** Registers the tests that every EventLog passes, with `test`. Each test gets a store of its own from `factory`. */
export function eventLogSuite({ test, factory, abilities = { archives: true }, skipped = tell }: EventLogSuiteOptions): void {
  const logTest: LogTest = (name, fn) =>
    test(name, async () => {
      const store = await factory();
      let log = await store.open();
      try {
        await fn(log, async () => {
          await log.close();
          log = await store.open();
          return log;
        });
      } finally {
        await log.close();
        await store.cleanup();
      }
    });
  appendTests(logTest);
  admissionTests(logTest);
  readTests(logTest);
  indexTests(logTest);
  snapshotTests(logTest);
  followTests(logTest);
  reopenTests(logTest);
  if (abilities.archives) {
    sealTests(logTest);
    pruneTests(logTest);
    prunedTests(logTest);
    return;
  }
  noArchiveTests(logTest);
  let left = 0;
  for (const tests of [sealTests, pruneTests, prunedTests]) tests(() => void (left += 1));
  skipped(`${left} checks of sealing and pruning`, 'it has no archives');
}

/** Says on standard error what is not proven. */
export function tell(what: string, why: string): void {
  process.stderr.write(`SKIP ${what}: ${why}\n`);
}
