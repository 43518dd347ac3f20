import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** `givens.ids[0]` names the ingest. What the archive holds is known when it is stored. */
export const decideImageLoad: Decider<'image.load'> = (_view, { givens }) => ({
  decided: { ingest: takeId(givens, 0) },
  expected: 'any',
});
