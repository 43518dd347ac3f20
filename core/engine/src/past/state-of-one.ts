import type { ObjectKind } from '@shiplog/contracts';
import type { State } from '@shiplog/model';
import { stateOfContainer } from './container.ts';
import { stateOfImage } from './image.ts';
import { stateOfNetwork } from './network.ts';
import type { Past } from './past.ts';
import { stateOfVolume } from './volume.ts';

const OF: { readonly [Kind in ObjectKind]: (past: Past, ref: string) => Promise<State | undefined> } = {
  container: stateOfContainer,
  image: stateOfImage,
  network: stateOfNetwork,
  volume: stateOfVolume,
};

/**
 * A state that knows of all objects that a reference may mean, or meant, all there is to know, folded without the rest of the engine. Undefined where
 * that takes the whole: for a volume that may have gone with a container.
 */
export function stateOfOne(past: Past, kind: ObjectKind, ref: string): Promise<State | undefined> {
  return OF[kind](past, ref);
}
