import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { CgroupV1Driver } from './driver.ts';
import { hierarchies } from './hierarchies.ts';

export default definePlugin({
  manifest: { name: '@shiplog/cgroup-v1', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'cgroup',
        name: 'v1',
        capabilities: { freeze: true, kill: true, stats: true, psi: false },
        needs: { filesystems: ['cgroup'], root: true },
        doc: 'Version 1 hierarchies: cpu, cpuset, memory with swap, pids, blkio, hugetlb, rdma, freezer.',
      },
      driver: CgroupV1Driver,
      async probe() {
        const mounted = await hierarchies();
        const missing = ['memory', 'pids', 'freezer', 'cpu'].filter((controller) => !mounted.has(controller));
        return missing.length === 0
          ? { usable: true }
          : { usable: false, reason: `these version 1 hierarchies are not mounted: ${missing.join(', ')}` };
      },
    }),
  ],
});
