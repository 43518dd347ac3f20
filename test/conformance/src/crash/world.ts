import assert from 'node:assert/strict';
import type { Observed, VerbKind } from '@shiplog/contracts';
import type { Stage } from './stage.ts';

/** What is there at one moment: on the host, and as a driver tells that has just been made. */
export interface World {
  readonly host: readonly string[];
  readonly observed: readonly string[];
}

export async function worldOf<K extends VerbKind>(stage: Stage<K>): Promise<World> {
  const observed = await observedBy(stage);
  return { host: (await stage.look()).map((line) => nameless(stage, line)).toSorted(), observed };
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
