import { stat } from 'node:fs/promises';
import { ShiplogError } from '@shiplog/contracts';
import { readControl, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

const KEYS = [
  ['readBps', 'rbps'],
  ['writeBps', 'wbps'],
  ['readIops', 'riops'],
  ['writeIops', 'wiops'],
] as const;

/** Block I/O by weight and by throttle (kernel: cgroup-v2, IO). A throttle of 0 is taken away; one not named stays. */
export const io: CgroupController = {
  name: 'io',
  limits: ['ioWeight', 'io'],
  async setLimits(directory, { ioWeight = 0, io: devices = [] }) {
    const unset: string[] = [];
    if (ioWeight !== 0) {
      // The BFQ scheduler has a file of its own, in v1's scale.
      const bfq = (await readControl(`${directory}/io.weight`)) === '' && (await readControl(`${directory}/io.bfq.weight`)) !== '';
      unset.push(
        ...(await attemptLimit('io weight', () =>
          bfq
            ? writeControl(`${directory}/io.bfq.weight`, `default ${ioWeight}`)
            : writeControl(`${directory}/io.weight`, `default ${weightOfBlkio(ioWeight)}`),
        )),
      );
    }
    for (const device of devices) {
      const number = await deviceNumber(device.device);
      const throttles = KEYS.flatMap(([limit, key]) =>
        device[limit] === undefined ? [] : [`${key}=${device[limit] === 0 ? 'max' : device[limit]}`],
      );
      if (throttles.length === 0) continue;
      unset.push(
        ...(await attemptLimit(`io throttle of ${device.device}`, () =>
          writeControl(`${directory}/io.max`, `${number} ${throttles.join(' ')}`),
        )),
      );
    }
    return unset;
  },
};

/** From v1's scale, 10 to 1000, to v2's, 1 to 10000: linear, as the OCI runtimes do. */
export function weightOfBlkio(weight: number): number {
  const clamped = Math.min(Math.max(weight, 10), 1000);
  return 1 + Math.floor(((clamped - 10) * 9999) / 990);
}

/** `major:minor` of a device node (makedev(3)). Throws SPEC_INVALID if it is none. */
async function deviceNumber(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isBlockDevice()) throw new ShiplogError('SPEC_INVALID', `${path} is no block device`, { path });
  return `${(found.rdev >>> 8) & 0xfff}:${(found.rdev & 0xff) | ((found.rdev >>> 12) & 0xfff00)}`;
}
