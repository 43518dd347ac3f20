import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { MacvlanDriver } from './macvlan-driver.ts';

export { MacvlanDriver } from './macvlan-driver.ts';

const macvlan = defineDriver({
  manifest: {
    kind: 'network',
    name: 'macvlan',
    capabilities: { sandbox: true, addresses: true, mac: true, ports: false, routed: false, wired: true },
    needs: { root: true },
    doc: 'Containers on the wire of a host interface, each with a hardware address of its own.',
  },
  driver: MacvlanDriver,
  async probe({ kernel }) {
    if (process.geteuid?.() !== 0) return { usable: false, reason: 'links need root' };
    if (await kernel.links.supports('macvlan')) return { usable: true };
    return { usable: false, reason: 'this kernel has no macvlan links (CONFIG_MACVLAN), and no module macvlan could be loaded' };
  },
});

export default definePlugin({
  manifest: { name: '@shiplog/network-macvlan', version: '0.1.0', api: [API_VERSION] },
  drivers: [macvlan],
});
