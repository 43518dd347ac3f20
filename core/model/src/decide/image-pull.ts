import { parsePlatform } from '@shiplog/oci/platform';
import { familiar, parseReference } from '@shiplog/oci/reference';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** `givens.ids[0]` names the ingest. Which image it is, and who brings it, is known when a source has said so. */
export const decideImagePull: Decider<'image.pull'> = (_view, { args, givens }) => {
  const { source, storageDriver, platform } = args;
  if (platform !== undefined) parsePlatform(platform);
  const parsed = parseReference(args.reference);
  return {
    decided: {
      ingest: takeId(givens, 0),
      // By content: then a tag says nothing.
      reference: parsed.digest === undefined ? familiar(parsed) : `${parsed.name}@${parsed.digest}`,
      ...(source === undefined ? {} : { source }),
      ...(storageDriver === undefined ? {} : { storageDriver }),
      ...(platform === undefined ? {} : { platform }),
    },
    expected: 'any',
  };
};
