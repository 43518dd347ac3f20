import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { NoneDriver } from './none-driver.ts';

export { NoneDriver } from './none-driver.ts';

const none = defineDriver({
  manifest: {
    kind: 'network',
    name: 'none',
    capabilities: { sandbox: true, addresses: false, mac: false, ports: false, routed: false, wired: false },
    needs: { root: true },
    doc: 'A network namespace with loopback alone.',
  },
  driver: NoneDriver,
});

export default definePlugin({
  manifest: { name: '@shiplog/network-none', version: '0.1.0', api: [API_VERSION] },
  drivers: [none],
});
