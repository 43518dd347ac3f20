import assert from 'node:assert/strict';
import type { VerbKind } from '@shiplog/contracts';
import { clear, type Factory, on } from './stage.ts';
import { answerOf, settledWorldOf, type World, worldOf } from './world.ts';

/** What a driver that nothing happens to leaves at the beginning, answers and leaves after each call, and leaves when all is undone. */
export interface Reference {
  readonly begin: World;
  readonly after: readonly { readonly answer: string; readonly world: World }[];
  readonly cleared: World;
}

export async function refer<K extends VerbKind>(factory: Factory<K>): Promise<Reference> {
  return on(factory, async (stage) => {
    const begin = await worldOf(stage);
    const after: { answer: string; world: World }[] = [];
    for (const call of stage.life) {
      const answer = await answerOf(stage, call);
      after.push({ answer, world: await settledWorldOf(stage) });
    }
    await clear(stage);
    const cleared = await settledWorldOf(stage);
    assert.deepEqual(cleared.observed, [], 'the driver tells of something after all was undone');
    return { begin, after, cleared };
  });
}
