import type { CommandArgs } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { restartOf } from './restart-policy.ts';
import { resourcesOf } from './resources.ts';

/** The body of `POST /containers/{id}/update`: HostConfig's limits and restart policy. 0 and '' leave a limit as it is. */
export function translateUpdate(body: Fields, hostCpus: number): Omit<CommandArgs['container.update'], 'container'> {
  const pids = body.maybeInteger('PidsLimit');
  return {
    limits: {
      ...resourcesOf(body, { update: true, hostCpus }),
      ...(body.integer('CpuQuota') === -1 ? { cpuQuotaUs: -1 } : {}),
      ...(pids === undefined ? {} : { pids: pids <= 0 ? -1 : pids }),
    },
    ...(body.asks('RestartPolicy') && body.object('RestartPolicy').string('Name') !== '' ? { restart: restartOf(body) } : {}),
  };
}
