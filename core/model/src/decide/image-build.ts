import { ShiplogError } from '@shiplog/contracts';
import { tagReference } from './tag-reference.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** `givens.ids[0]` names the directory that the context is kept in. What it asks of containers and images is decided with each of them. */
export const decideImageBuild: Decider<'image.build'> = (_view, { args, givens }) => {
  const references = [...new Set(args.tags.map(tagReference))];
  if (args.dockerfile === '' || args.dockerfile.includes('\0'))
    throw new ShiplogError('REQUEST_INVALID', 'the path of a Dockerfile in the context is required, without a zero byte');
  return { decided: { context: takeId(givens, 0), references }, expected: 'any' };
};
