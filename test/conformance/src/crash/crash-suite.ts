import assert from 'node:assert/strict';
import type { VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import { ENOUGH, explore, type Findings, PROMISES, type Promised } from './explore.ts';
import { namesOfCalls } from './names-of-calls.ts';
import { type Reference, refer } from './reference.ts';
import { clear, type Factory, on } from './stage.ts';
import { assertNothingMore, comesTo, observedBy } from './world.ts';
import type { TestFunction } from '../in-lab.ts';

export interface CrashSuite<K extends VerbKind> {
  readonly test: TestFunction;
  /** In the name of each check, `crash of NAME: given …`. */
  readonly name: string;
  /** Verbs of the stage's life, in its order. */
  readonly verbs: readonly string[];
  /** A fresh host; called for every moment that a driver dies at. */
  readonly factory: Factory<K>;
  /** At every so many of a call's effects its driver is killed, and at the first and the last in any case. Absent: at every one. */
  readonly every?: number;
}

/** Findings that a failure tells. */
const TOLD = 3;

/**
 * Kills a driver before every effect of every call of its life, and in the middle of those that are several system calls: calls of the
 * kernel port and of node:fs, and records of its steps. A driver that is a process of its own dies, by SIGKILL, at its steps. Each
 * time another instance looks, and repeats the call, or undoes everything. At the end, the host reboots after each call.
 */
export function crashSuite<K extends VerbKind>({ test, name, verbs, factory, every }: CrashSuite<K>): void {
  let reference: Promise<Reference> | undefined;
  const refers = (): Promise<Reference> => (reference ??= refer(factory));

  namesOfCalls(verbs).forEach((which, index) => {
    let explored: Promise<Findings> | undefined;
    for (const [promise, words] of Object.entries(PROMISES) as [Promised, string][])
      test(`crash of ${name}: given ${which}, ${words}`, async () => {
        explored ??= refers().then((known) => explore(factory, index, known, every));
        const { [promise]: found } = await explored;
        assert.equal(
          found.length,
          0,
          `${found.length}${found.length < ENOUGH ? '' : ' or more'} times not, ${found.slice(0, TOLD).join('\n')}`,
        );
      });
  });

  test(`crash of ${name}: given any moment, when the host reboots, then another one tells nothing that is gone, does all again and undoes it`, async () => {
    const { after, cleared } = await refers();
    for (const [index, { world }] of after.entries())
      await on(factory, async (stage) => {
        const done = stage.life.slice(0, index + 1);
        for (const call of done) await ask(await stage.make(), call);
        await stage.reboot();
        const where = `after a reboot after ${verbs[index] ?? ''}`;
        for (const line of await observedBy(stage)) assert.ok(world.observed.includes(line), `${where}, it tells of ${line}`);
        for (const call of done) await ask(await stage.make(), call);
        await comesTo(stage, (found) => assert.deepEqual(found, world, `${where}, doing all again does not make it as before`));
        await stage.reboot();
        await clear(stage);
        await comesTo(stage, (found) => assertNothingMore(found, cleared));
      });
  });
}
