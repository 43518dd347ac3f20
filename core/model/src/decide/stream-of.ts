import { type Command, ShiplogError, type StateView, type StreamName } from '@shiplog/contracts';
import { findContainer } from '../projections/find-container.ts';
import { findExec } from '../projections/find-exec.ts';
import { findImage, findImageByTag, imageName } from '../projections/find-image.ts';
import { findNetwork } from '../projections/find-network.ts';

/**
 * The stream a command's events belong to: its subject's. `engine` where it has none: several subjects (prune, load), or a
 * reference that leads nowhere. Never throws.
 */
export function streamOf(view: StateView, command: Command): StreamName {
  try {
    return subjectStream(view, command);
  } catch (error) {
    if (error instanceof ShiplogError) return 'engine';
    throw error;
  }
}

function subjectStream(view: StateView, { type, args, givens }: Command): StreamName {
  switch (type) {
    case 'container.create':
      return givens.ids[0] === undefined ? 'engine' : `container/${givens.ids[0]}`;
    case 'network.create':
      return givens.ids[0] === undefined ? 'engine' : `network/${givens.ids[0]}`;
    case 'container.prune':
    case 'image.prune':
    case 'network.prune':
    case 'volume.prune':
    case 'image.load':
    case 'image.import':
    case 'image.pull':
    case 'image.build':
    case 'subject.erase':
    case 'log.seal':
    case 'log.prune':
      return 'engine';
    case 'exec.start':
    case 'exec.resize':
      return `container/${findExec(view.execs, args.exec).containerId}`;
    case 'image.push': {
      const image = findImageByTag(view.images, imageName(args.reference) ?? '');
      return image === undefined ? 'engine' : `image/${image.id}`;
    }
    case 'image.tag':
    case 'image.migrate':
    case 'image.remove':
      return `image/${findImage(view.images, args.image).image.id}`;
    case 'network.remove':
      return `network/${findNetwork(view.networks, args.network).id}`;
    case 'volume.create':
      return volumeStream(args.name === undefined || args.name === '' ? givens.ids[0] : args.name);
    case 'plugin.enable':
    case 'plugin.disable':
    case 'plugin.reload':
      return givens.plugin?.name === args.plugin ? `plugin/${args.plugin}` : 'engine';
    case 'volume.remove':
      return volumeStream(args.volume);
    default:
      return `container/${findContainer(view.containers, args.container).id}`;
  }
}

/** A name that is none (refused) must not become part of a stream's. */
function volumeStream(name: string | undefined): StreamName {
  return name !== undefined && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name) ? `volume/${name}` : 'engine';
}
