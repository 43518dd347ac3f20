import assert from 'node:assert/strict';
import type { VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import { Lifetime } from './lifetime.ts';
import type { Reference } from './reference.ts';
import { clear, type Death, type Factory, on, type Stage } from './stage.ts';
import { StepRecords } from './step-records.ts';
import { answerOf, assertNothingMore, comesTo, nameless, observedBy, type World } from './world.ts';

/** What a driver must do after the death of another one, in the words of the checks. */
export const PROMISES = {
  look: 'when its driver is killed at any effect, then another one tells what is there',
  answer: 'when its driver is killed as soon as it answers, then all is done',
  repeat: 'when its driver is killed at any effect and another one repeats it, then all is as if nothing had happened',
  undo: 'when its driver is killed at any effect and another one undoes everything, then nothing is left',
} as const;

export type Promised = keyof typeof PROMISES;

/** What was not as promised, and where. */
export type Findings = { readonly [promise in Promised]: readonly string[] };

/** Moments at which a promise was broken, after which a call is explored no further. */
export const ENOUGH = 10;

/**
 * Lets the call at `index` die at each of its effects, on two stages each: on one it is repeated, on the other undone. `every`: at every so many
 * of them, at the first and the last in any case.
 */
export async function explore<K extends VerbKind>(factory: Factory<K>, index: number, reference: Reference, every = 1): Promise<Findings> {
  const { begin, after, cleared } = reference;
  const findings: { readonly [promise in Promised]: string[] } = { look: [], answer: [], repeat: [], undo: [] };
  const seenBefore = (index === 0 ? begin : after[index - 1]?.world)?.observed ?? [];
  const expected = after[index];
  if (expected === undefined) throw new Error(`there is no call ${index + 1}`);

  // A promise that is broken all the time need not be seen broken at every moment.
  const isKnown = (): boolean => Object.values(findings).some((found) => found.length >= ENOUGH);

  /** Answers how many effects the call had, where it answered before it came to the `last`. */
  const dieAt = async (last: number): Promise<number | undefined> => {
    let where = '';
    const holds = async (promise: Promised, work: () => Promise<void>): Promise<void> => {
      await work().catch((error: unknown) => findings[promise].push(`${where}: ${error instanceof Error ? error.message : String(error)}`));
    };
    const dieOn = async (stage: Stage<K>): Promise<Death> => {
      const death = await die(stage, index, last);
      where = death.hasAnswered ? 'after its answer' : `before effect ${last}, ${nameless(stage, death.effects.at(-1))}`;
      return death;
    };
    const isAsExpected = (world: World): void => assert.deepEqual(world, expected.world);

    // Said by this stage alone: a driver that waits for processes does not make as many calls on each.
    const whole = await on(factory, async (stage) => {
      const { records, hasAnswered, effects } = await dieOn(stage);
      await holds('look', async () => {
        const observed = await observedBy(stage);
        for (const line of observed) assert.ok(seenBefore.includes(line) || expected.world.observed.includes(line), `it tells of ${line}`);
        for (const line of seenBefore)
          if (expected.world.observed.includes(line)) assert.ok(observed.includes(line), `it does not tell of ${line}`);
      });
      if (hasAnswered) await holds('answer', () => comesTo(stage, isAsExpected));
      await holds('repeat', async () => {
        assert.equal(await answerOf(stage, stage.life[index], records), expected.answer, 'it answers differently');
        await comesTo(stage, isAsExpected);
        await clear(stage);
        await comesTo(stage, (world) => assertNothingMore(world, cleared));
      });
      return hasAnswered ? effects.length : undefined;
    });
    await on(factory, async (stage) => {
      await dieOn(stage);
      await holds('undo', async () => {
        await clear(stage);
        await comesTo(stage, (world) => assertNothingMore(world, cleared));
      });
    });
    return whole;
  };

  let whole: number | undefined;
  let explored = 1 - every;
  while (whole === undefined) {
    explored = isKnown() ? Number.POSITIVE_INFINITY : explored + every;
    whole = await dieAt(explored);
  }
  if (whole > Math.max(0, explored - every) && !isKnown()) await dieAt(whole);
  return findings;
}

/** Lives on a stage up to the call at `index`, and lets the driver die there, at its effect `last` or after its answer. */
async function die<K extends VerbKind>(stage: Stage<K>, index: number, last: number): Promise<Death> {
  if (stage.die !== undefined) return stage.die(index, last);
  for (const call of stage.life.slice(0, index)) await ask(await stage.make(), call);
  const call = stage.life[index];
  if (call === undefined) throw new Error(`there is no call ${index + 1}`);
  const life = new Lifetime(last);
  const records = new StepRecords(life);
  const driver = await stage.make();
  life.owns(() => stage.kill());
  await life.live(() => ask(driver, call, records));
  return { hasAnswered: life.hasAnswered, effects: life.effects, records: records.outlive() };
}
