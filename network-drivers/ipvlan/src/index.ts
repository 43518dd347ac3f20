import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { IpvlanDriver } from './ipvlan-driver.ts';

export { IpvlanDriver } from './ipvlan-driver.ts';

const ipvlan = defineDriver({
  manifest: {
    kind: 'network',
    name: 'ipvlan',
    capabilities: { sandbox: true, addresses: true, mac: false, ports: false, routed: false, wired: true },
    needs: { root: true },
    doc: 'Containers on the wire of a host interface, with its hardware address; or routed by it.',
  },
  driver: IpvlanDriver,
  async probe({ kernel }) {
    if (process.geteuid?.() !== 0) return { usable: false, reason: 'links need root' };
    if (await kernel.links.supports('ipvlan')) return { usable: true };
    return { usable: false, reason: 'this kernel has no ipvlan links (CONFIG_IPVLAN), and no module ipvlan could be loaded' };
  },
});

export default definePlugin({
  manifest: { name: '@shiplog/network-ipvlan', version: '0.1.0', api: [API_VERSION] },
  drivers: [ipvlan],
});
