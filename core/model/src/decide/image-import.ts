import { tagReference } from './tag-reference.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** `givens.ids[0]` names the ingest. Reference '' leaves the image without a tag. */
export const decideImageImport: Decider<'image.import'> = (_view, { args, givens }) => {
  const reference = args.reference === undefined || args.reference === '' ? '' : tagReference(args.reference);
  return { decided: { ingest: takeId(givens, 0), reference }, expected: 'any' };
};
