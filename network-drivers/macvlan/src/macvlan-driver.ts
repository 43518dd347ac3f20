import { type Kernel, ShiplogError, type StackedKind } from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, StackedNetworks, type Stacking } from '@shiplog/driver-kit';

const MODES = ['bridge', 'private', 'vepa', 'passthru'] as const;

/** Reads the option `macvlan_mode`, as Docker names it; `bridge` unless given. Throws REQUEST_INVALID. */
export function macvlanKind({ macvlan_mode: asked = '' }: { readonly [name: string]: string }): StackedKind {
  const mode = asked === '' ? 'bridge' : MODES.find((known) => known === asked);
  if (mode !== undefined) return { kind: 'macvlan', mode };
  throw new ShiplogError('REQUEST_INVALID', `unknown macvlan mode '${asked}'; it is one of ${MODES.join(', ')}`, { mode: asked });
}

const STACKING: Stacking = {
  kindOf: macvlanKind,
  // A link that passes its parent through has the parent's address; giving it another would change the parent's.
  hasMac: (kind) => kind.kind === 'macvlan' && kind.mode !== 'passthru',
  hasGateway: () => true,
};

/** Containers on the wire of a host interface, each with a hardware address of its own. */
@injectable()
export class MacvlanDriver extends StackedNetworks {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome) {
    super(kernel, home, STACKING);
  }
}
