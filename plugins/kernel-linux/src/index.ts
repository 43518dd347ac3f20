import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { API_VERSION } from '@shiplog/contracts';
import { LinuxKernel } from './kernel.ts';

export { createKernel } from './kernel.ts';

const linux = defineDriver({
  manifest: {
    kind: 'kernel',
    name: 'linux',
    capabilities: { mounts: true, namespaces: true, netlink: true, nftables: true },
    needs: { root: true },
    doc: 'Linux 5.12 or newer by system calls, rtnetlink and libnftables.',
  },
  driver: LinuxKernel,
  async probe() {
    if (process.platform !== 'linux') return { usable: false, reason: `this host runs ${process.platform}, not Linux` };
    if (process.getuid?.() !== 0) return { usable: false, reason: 'root is needed; run the engine as root' };
    return { usable: true };
  },
});

export default definePlugin({
  manifest: { name: '@shiplog/kernel-linux', version: '0.1.0', api: [API_VERSION] },
  drivers: [linux],
});
