import { type Command, ShiplogError, type StateView } from '@shiplog/contracts';
import { namelessVolumes } from './decide/container-create.ts';
import { choosesSubnet } from './decide/network-create.ts';
import { joinedNetworks } from './network/joined-networks.ts';
import { wantedPorts } from './network/ports.ts';

/** How many fresh ids and free host ports a command needs in its givens, and whether it must know the host's subnets, or who follows the log. */
export interface GivensNeeded {
  readonly ids: number;
  readonly ports: number;
  readonly subnets?: boolean;
  /** The position that those who follow are to have reached. */
  readonly followed?: number;
}

/** What to gather before {@link decide}. For a command that will be refused anyway the answer is small and does not matter. */
export function givensNeeded(view: StateView, command: Command): GivensNeeded {
  try {
    return needed(view, command);
  } catch (error) {
    if (error instanceof ShiplogError) return { ids: 1, ports: 0 };
    throw error;
  }
}

function needed(view: StateView, command: Command): GivensNeeded {
  switch (command.type) {
    case 'container.create': {
      const { spec } = command.args;
      return { ids: 1 + namelessVolumes(spec, view.image(spec.image)), ports: 0 };
    }
    case 'container.start':
    case 'container.restart': {
      const container = view.container(command.args.container);
      const open = wantedPorts(view, container).filter(({ hostPort }) => hostPort === 0);
      return { ids: joinedNetworks(view, container.spec, () => undefined).length, ports: open.length };
    }
    case 'network.create':
      return { ids: 1, ports: 0, subnets: choosesSubnet(command.args) };
    case 'log.prune':
      return { ids: 0, ports: 0, ...(command.args.overtake === true ? {} : { followed: command.args.before }) };
    case 'exec.create':
    case 'image.load':
    case 'image.import':
    case 'image.commit':
    case 'image.pull':
    case 'image.build':
    case 'image.push':
    case 'network.connect':
    case 'volume.create':
      return { ids: 1, ports: 0 };
    default:
      return { ids: 0, ports: 0 };
  }
}
