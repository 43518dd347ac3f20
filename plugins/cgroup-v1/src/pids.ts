import { writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** How many processes and threads. */
export const pids: Controller = {
  name: 'pids',
  setLimits: async (directory, limits) =>
    limits.pids === undefined ? [] : attempt('pids', () => writeControl(`${directory}/pids.max`, limits.pids === undefined || limits.pids <= 0 ? 'max' : limits.pids)),
};
