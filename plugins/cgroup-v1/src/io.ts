import { stat } from 'node:fs/promises';
import { readControl, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';
import { ShiplogError } from '@shiplog/contracts';

const THROTTLES = [
  ['readBps', 'blkio.throttle.read_bps_device'],
  ['writeBps', 'blkio.throttle.write_bps_device'],
  ['readIops', 'blkio.throttle.read_iops_device'],
  ['writeIops', 'blkio.throttle.write_iops_device'],
] as const;

/** Block I/O by weight and by throttle; on v1 the controller is called blkio (kernel: cgroup-v1/blkio-controller). A throttle of 0 is taken away. */
export const io: CgroupController = {
  name: 'blkio',
  limits: ['ioWeight', 'io'],
  async setLimits(directory, { ioWeight = 0, io: devices = [] }) {
    const unset: string[] = [];
    if (ioWeight !== 0) {
      const file = (await readControl(`${directory}/blkio.bfq.weight`)) === '' ? 'blkio.weight' : 'blkio.bfq.weight';
      unset.push(...(await attemptLimit('blkio weight', () => writeControl(`${directory}/${file}`, ioWeight))));
    }
    for (const device of devices) {
      const number = await deviceNumber(device.device);
      for (const [limit, file] of THROTTLES) {
        const value = device[limit];
        if (value === undefined) continue;
        unset.push(
          ...(await attemptLimit(`blkio ${limit} of ${device.device}`, () => writeControl(`${directory}/${file}`, `${number} ${value}`))),
        );
      }
    }
    return unset;
  },
};

/** `major:minor` of a device node (makedev(3)). Throws SPEC_INVALID if it is none. */
async function deviceNumber(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isBlockDevice()) throw new ShiplogError('SPEC_INVALID', `${path} is no block device`, { path });
  return `${(found.rdev >>> 8) & 0xfff}:${(found.rdev & 0xff) | ((found.rdev >>> 12) & 0xfff00)}`;
}
