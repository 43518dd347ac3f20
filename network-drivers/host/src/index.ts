import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { HostDriver } from './host-driver.ts';

export { HostDriver } from './host-driver.ts';

const host = defineDriver({
  manifest: {
    kind: 'network',
    name: 'host',
    capabilities: { sandbox: false, addresses: false, mac: false, ports: false, routed: false, wired: false },
    needs: {},
    doc: "The host's own network; nothing is isolated.",
  },
  driver: HostDriver,
});

export default definePlugin({
  manifest: { name: '@shiplog/network-host', version: '0.1.0', api: [API_VERSION] },
  drivers: [host],
});
