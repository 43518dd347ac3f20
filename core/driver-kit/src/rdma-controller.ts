import { attemptLimit, type CgroupController } from './cgroup-controller.ts';
import { writeControl } from './control-file.ts';

/** Handles and objects of RDMA devices (kernel: cgroup-v1/rdma, and cgroup-v2, RDMA): the same file in both versions. The kernel calls a device that it does not have invalid. */
export const rdma: CgroupController = {
  name: 'rdma',
  limits: ['rdma'],
  async setLimits(directory, { rdma: devices = [] }) {
    const unset: string[] = [];
    for (const { device, handles, objects } of devices) {
      const words = [
        ...(handles === undefined ? [] : [`hca_handle=${handles}`]),
        ...(objects === undefined ? [] : [`hca_object=${objects}`]),
      ];
      if (words.length === 0) continue;
      unset.push(...(await attemptLimit(`rdma of ${device}`, () => writeControl(`${directory}/rdma.max`, `${device} ${words.join(' ')}`))));
    }
    return unset;
  },
};
