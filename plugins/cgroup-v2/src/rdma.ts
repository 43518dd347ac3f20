import { writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** Handles and objects of RDMA devices (kernel: cgroup-v2, RDMA). The kernel calls a device that it does not have invalid. */
export const rdma: Controller = {
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
      unset.push(...(await attempt(`rdma of ${device}`, () => writeControl(`${directory}/rdma.max`, `${device} ${words.join(' ')}`))));
    }
    return unset;
  },
};
