import { readFile } from 'node:fs/promises';
import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { BridgeDriver } from './bridge-driver.ts';

export { BridgeDriver } from './bridge-driver.ts';

const bridge = defineDriver({
  manifest: {
    kind: 'network',
    name: 'bridge',
    capabilities: { sandbox: true, addresses: true, mac: true, ports: true, routed: true, wired: false },
    needs: { root: true },
    doc: 'veth pairs on a Linux bridge, NAT and published ports over nftables; IPv4.',
  },
  driver: BridgeDriver,
  async probe({ kernel }) {
    if (process.geteuid?.() !== 0) return { usable: false, reason: 'links and nftables need root' };
    try {
      await kernel.firewall.list('list tables ip');
    } catch (error) {
      return { usable: false, reason: `nftables does not work here: ${error instanceof Error ? error.message : String(error)}` };
    }
    // Other firewalls may drop what this driver accepts; a forward policy of drop in iptables is the usual case.
    const tables = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
    return tables.includes('filter')
      ? { usable: true, warnings: ['iptables filter rules are loaded; if their FORWARD policy is DROP, containers have no way out'] }
      : { usable: true };
  },
});

export default definePlugin({
  manifest: { name: '@shiplog/network-bridge', version: '0.1.0', api: [API_VERSION] },
  drivers: [bridge],
});
