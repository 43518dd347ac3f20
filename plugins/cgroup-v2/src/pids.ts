import { writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** How many processes and threads; 0 and less: any number. */
export const pids: Controller = {
  name: 'pids',
  limits: ['pids'],
  async setLimits(directory, { pids: limit }) {
    if (limit === undefined) return [];
    return attempt('pids', () => writeControl(`${directory}/pids.max`, limit <= 0 ? 'max' : limit));
  },
};
