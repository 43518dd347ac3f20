import { ShiplogError } from '@shiplog/contracts';
import { readControl, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/** Huge pages in use, and where the kernel counts them, those reserved (kernel: cgroup-v1/hugetlb). */
export const hugetlb: CgroupController = {
  name: 'hugetlb',
  limits: ['hugetlb'],
  async setLimits(directory, { hugetlb: sizes = [] }) {
    const unset: string[] = [];
    for (const { pageSize, bytes } of sizes) {
      // It becomes part of a path.
      if (!/^\d+[KMG]B$/.test(pageSize))
        throw new ShiplogError('SPEC_INVALID', `"${pageSize}" is no size of huge pages: give 2MB or 1GB`, { pageSize });
      const [used = '', reserved = ''] = ['limit_in_bytes', 'rsvd.limit_in_bytes'].map(
        (file) => `${directory}/hugetlb.${pageSize}.${file}`,
      );
      unset.push(...(await attemptLimit(`huge pages of ${pageSize}`, () => writeControl(used, bytes))));
      if ((await readControl(reserved)) !== '')
        unset.push(...(await attemptLimit(`reserved huge pages of ${pageSize}`, () => writeControl(reserved, bytes))));
    }
    return unset;
  },
};
