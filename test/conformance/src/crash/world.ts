import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Observed, VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import type { Call } from './call.ts';
import type { Stage } from './stage.ts';
import type { StepRecords } from './step-records.ts';

/** Milliseconds after which what a driver does behind its answer is done, where it starts no processes. */
const SETTLED_MS = 30;
const LOOK_EVERY_MS = 50;
/** Looks at the same world after which it is taken for settled. */
const SAME = 6;

/** What is there at one moment: on the host, and as a driver tells that has just been made. */
export interface World {
  readonly host: readonly string[];
  readonly observed: readonly string[];
}

export async function worldOf<K extends VerbKind>(stage: Stage<K>): Promise<World> {
  const observed = await observedBy(stage);
  return { host: (await stage.look()).map((line) => nameless(stage, line)).toSorted(), observed };
}

/** Does not fail before the stage's patience is at its end. */
export async function comesTo<K extends VerbKind>(stage: Stage<K>, expected: (world: World) => void): Promise<void> {
  for (const end = Date.now() + (stage.patienceMs ?? 0); ; await sleep(LOOK_EVERY_MS)) {
    try {
      return expected(await worldOf(stage));
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
  }
}

/** What is there when it has been the same for a while, in which what goes on behind an answer comes to its end. */
export async function settledWorldOf<K extends VerbKind>(stage: Stage<K>): Promise<World> {
  await sleep(SETTLED_MS);
  let world = await worldOf(stage);
  for (let same = 0; stage.patienceMs !== undefined && same < SAME;) {
    await sleep(LOOK_EVERY_MS);
    const next = await worldOf(stage);
    same = isDeepStrictEqual(next, world) ? same + 1 : 0;
    world = next;
  }
  return world;
}

/** What the driver answers to a call, in words that are the same on each stage. */
export async function answerOf<K extends VerbKind>(stage: Stage<K>, call: Call | undefined, journal?: StepRecords): Promise<string> {
  if (call === undefined) throw new Error('there is no such call');
  const answer = await ask(await stage.make(), call, journal);
  return nameless(stage, stage.plain === undefined ? answer : stage.plain(answer));
}

export async function observedBy<K extends VerbKind>(stage: Stage<K>): Promise<readonly string[]> {
  const driver = await stage.make();
  const { observe } = driver as { observe?(): Promise<readonly Observed[]> };
  return ((await observe?.call(driver)) ?? []).map((one) => nameless(stage, one)).toSorted();
}

/** A driver may keep empty directories of its own; nothing may stay that one does not leave which lived undisturbed. */
export function assertNothingMore(world: World, undisturbed: World): void {
  const more = world.host.filter((line) => !undisturbed.host.includes(line));
  assert.deepEqual({ ...world, host: more }, { host: [], observed: [] }, 'something is left');
}

/** As text, with the words that are this stage's own taken out. */
export function nameless({ varying }: { readonly varying: readonly string[] }, value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return varying.reduce((left, word, index) => left.replaceAll(word, `<${index}>`), text);
}
