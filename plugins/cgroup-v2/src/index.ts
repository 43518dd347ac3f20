import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { CgroupV2Driver } from './driver.ts';
import { probe } from './probe.ts';

export default definePlugin({
  manifest: { name: '@shiplog/cgroup-v2', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'cgroup',
        name: 'v2',
        capabilities: { freeze: true, kill: true, stats: true, psi: true },
        needs: { filesystems: ['cgroup2'], root: true },
        doc: 'The unified hierarchy: cpu, cpuset, memory with swap, pids, io, hugetlb, rdma; freeze and kill by the kernel.',
      },
      driver: CgroupV2Driver,
      probe: async () => probe(),
    }),
  ],
});
