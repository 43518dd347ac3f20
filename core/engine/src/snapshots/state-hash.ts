import { createHash } from 'node:crypto';
import { canonicalPieces, type State } from '@shiplog/model';

/** Records between two pauses. */
const SLICE = 64;

/** SHA-256, hex, over the canonical state. */
export function hashState(state: State): string {
  const hash = createHash('sha256');
  for (const piece of canonicalPieces(state)) hash.update(piece);
  return hash.digest('hex');
}

/** {@link hashState} of a state that does not change meanwhile, with pauses for others. */
export async function hashStateSlowly(state: State, pause: () => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  for (const piece of canonicalPieces(state)) {
    hash.update(piece);
    if ((count += 1) % SLICE === 0) await pause();
  }
  return hash.digest('hex');
}
