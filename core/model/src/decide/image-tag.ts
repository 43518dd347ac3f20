import { tagReference } from './tag-reference.ts';
import type { Decider } from './verdict.ts';

/** Effectless. The tag moves here from the image that had it. */
export const decideImageTag: Decider<'image.tag'> = (view, { args }) => ({
  decided: { id: view.image(args.image).id, reference: tagReference(args.reference) },
  expected: 'any',
  effectless: true,
});
