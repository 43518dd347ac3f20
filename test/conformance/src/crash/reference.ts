import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import { clear, type Factory, on } from './stage.ts';
import { nameless, type World, worldOf } from './world.ts';

/** What a driver that nothing happens to leaves at the beginning, answers and leaves after each call, and leaves when all is undone. */
export interface Reference {
  readonly begin: World;
  readonly after: readonly { readonly answer: string; readonly world: World }[];
  readonly cleared: World;
}

/** Milliseconds after which what a driver does behind its answer is done. */
const SETTLED_MS = 30;

export async function refer<K extends VerbKind>(factory: Factory<K>): Promise<Reference> {
  return on(factory, async (stage) => {
    const begin = await worldOf(stage);
    const after: { answer: string; world: World }[] = [];
    for (const call of stage.life) {
      const answer = nameless(stage, await ask(await stage.make(), call));
      await sleep(SETTLED_MS);
      after.push({ answer, world: await worldOf(stage) });
    }
    await clear(stage);
    const cleared = await worldOf(stage);
    assert.deepEqual(cleared.observed, [], 'the driver tells of something after all was undone');
    return { begin, after, cleared };
  });
}
