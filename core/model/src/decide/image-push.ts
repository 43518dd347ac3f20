import { ShiplogError } from '@shiplog/contracts';
import { familiar, parseReference } from '@shiplog/oci/reference';
import { findImageByTag } from '../projections/find-image.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** `givens.ids[0]` names what is made ready for it. Only by a tag: that is what others will ask for. */
export const decideImagePush: Decider<'image.push'> = (view, { args, givens }) => {
  const parsed = parseReference(args.reference);
  if (parsed.digest !== undefined)
    throw new ShiplogError('REFERENCE_INVALID', 'cannot push a digest reference', { reference: args.reference });
  const reference = familiar(parsed);
  const image = findImageByTag(view.images, reference);
  if (image === undefined)
    throw new ShiplogError('IMAGE_NOT_FOUND', `An image does not exist locally with the tag: ${reference}`, { reference });
  const { source } = args;
  return {
    decided: { id: image.id, ingest: takeId(givens, 0), reference, ...(source === undefined ? {} : { source }) },
    expected: 'any',
  };
};
