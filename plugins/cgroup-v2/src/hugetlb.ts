import { ShiplogError } from '@shiplog/contracts';
import { readControl, writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** Huge pages in use, and where the kernel counts them, those reserved (kernel: cgroup-v2, HugeTLB). */
export const hugetlb: Controller = {
  name: 'hugetlb',
  limits: ['hugetlb'],
  async setLimits(directory, { hugetlb: sizes = [] }) {
    const unset: string[] = [];
    for (const { pageSize, bytes } of sizes) {
      // It becomes part of a path.
      if (!/^\d+[KMG]B$/.test(pageSize))
        throw new ShiplogError('SPEC_INVALID', `"${pageSize}" is no size of huge pages: give 2MB or 1GB`, { pageSize });
      const [used = '', reserved = ''] = ['max', 'rsvd.max'].map((file) => `${directory}/hugetlb.${pageSize}.${file}`);
      unset.push(...(await attempt(`huge pages of ${pageSize}`, () => writeControl(used, bytes))));
      if ((await readControl(reserved)) !== '')
        unset.push(...(await attempt(`reserved huge pages of ${pageSize}`, () => writeControl(reserved, bytes))));
    }
    return unset;
  },
};
