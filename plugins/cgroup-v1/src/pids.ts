import { writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/** How many processes and threads; 0 and less: any number. */
export const pids: CgroupController = {
  name: 'pids',
  limits: ['pids'],
  async setLimits(directory, { pids: limit }) {
    if (limit === undefined) return [];
    return attemptLimit('pids', () => writeControl(`${directory}/pids.max`, limit <= 0 ? 'max' : limit));
  },
};
