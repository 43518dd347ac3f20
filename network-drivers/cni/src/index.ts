import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin, namesIn } from '@shiplog/driver-kit';
import { CniDriver } from './cni-driver.ts';
import { placesOf } from './places.ts';

export { CniDriver } from './cni-driver.ts';

const cni = defineDriver({
  manifest: {
    kind: 'network',
    name: 'cni',
    capabilities: { sandbox: true, addresses: true, mac: true, ports: true, routed: false, wired: false },
    needs: { root: true },
    doc: 'Networks that CNI plugins make, of a conflist; ports where it has portmap.',
  },
  driver: CniDriver,
  async probe({ options }) {
    if (process.geteuid?.() !== 0) return { usable: false, reason: 'CNI plugins need root' };
    const { plugins } = placesOf(options);
    for (const directory of plugins) if ((await namesIn(directory)).includes('static')) return { usable: true };
    return {
      usable: false,
      reason: `there are no CNI plugins in ${plugins.join(' or ')}; install them (Debian: apt-get install containernetworking-plugins)`,
    };
  },
});

export default definePlugin({
  manifest: { name: '@shiplog/network-cni', version: '0.1.0', api: [API_VERSION] },
  drivers: [cni],
});
