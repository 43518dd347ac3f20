import { ShiplogError } from '@shiplog/contracts';
import { requireIdle } from './require.ts';
import { tagReference } from './tag-reference.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** What may be changed of a configuration (Docker, `commit --change`). */
const INSTRUCTIONS: ReadonlySet<string> = new Set([
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);

/**
 * `givens.ids[0]` names the ingest. Reference '' leaves the image without a tag. The container has it to itself, running or not; one that goes
 * away is refused.
 */
export const decideImageCommit: Decider<'image.commit'> = (view, { args, givens }) => {
  const container = view.container(args.container);
  const reference = args.reference === undefined || args.reference === '' ? '' : tagReference(args.reference);
  if (container.status === 'dead')
    throw new ShiplogError('CONTAINER_BUSY', `container ${container.name} is dead: there is nothing to commit`, { id: container.id });
  for (const change of args.changes) requireInstruction(change);
  requireIdle(container);
  // Refused where its image is no more.
  view.image(container.imageId);
  const freeze = args.pause && container.status === 'running';
  return { decided: { id: container.id, ingest: takeId(givens, 0), reference, freeze }, expected: 'stream-exists' };
};

/** The rest of it is read where the image is made. */
function requireInstruction(change: string): void {
  const word = /^\s*(\S*)/.exec(change)?.[1]?.toUpperCase() ?? '';
  if (!INSTRUCTIONS.has(word)) throw new ShiplogError('REQUEST_INVALID', `${word} is not a valid change command`, { instruction: word });
}
