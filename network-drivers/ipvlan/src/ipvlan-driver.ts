import { type Kernel, ShiplogError, type StackedKind } from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, StackedNetworks, type Stacking } from '@shiplog/driver-kit';

const MODES = ['l2', 'l3', 'l3s'] as const;
const FLAGS = ['bridge', 'private', 'vepa'] as const;

function choose<T extends string>(option: string, asked: string | undefined, known: readonly [T, ...T[]]): T {
  if (asked === undefined || asked === '') return known[0];
  const found = known.find((word) => word === asked);
  if (found !== undefined) return found;
  throw new ShiplogError('REQUEST_INVALID', `unknown ${option} '${asked}'; it is one of ${known.join(', ')}`, { option, value: asked });
}

/** Reads the options `ipvlan_mode` (l2 unless given) and `ipvlan_flag` (bridge), as Docker names them. Throws REQUEST_INVALID. */
export function ipvlanKind(options: { readonly [name: string]: string }): StackedKind {
  return {
    kind: 'ipvlan',
    mode: choose('ipvlan_mode', options['ipvlan_mode'], MODES),
    flag: choose('ipvlan_flag', options['ipvlan_flag'], FLAGS),
  };
}

const STACKING: Stacking = {
  kindOf: ipvlanKind,
  hasMac: () => false,
  // In l3 and l3s nothing is resolved on the wire: whatever leaves is routed by the parent's namespace.
  hasGateway: (kind) => kind.kind === 'ipvlan' && kind.mode === 'l2',
};

/** Containers on the wire of a host interface, with its hardware address; in the modes l3 and l3s the host routes for them. */
@injectable()
export class IpvlanDriver extends StackedNetworks {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome) {
    super(kernel, home, STACKING);
  }
}
