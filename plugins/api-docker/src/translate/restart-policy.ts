import type { ContainerSpec } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { invalid } from './refusals.ts';

const RESTART_POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

/** HostConfig.RestartPolicy. Throws SPEC_INVALID. */
export function restartOf(hostConfig: Fields): ContainerSpec['restart'] {
  const restart = hostConfig.object('RestartPolicy');
  const name = restart.string('Name') || 'no';
  const policy = RESTART_POLICIES.find((known) => known === name);
  const maxRetries = restart.integer('MaximumRetryCount');
  if (policy === undefined) throw invalid(`invalid restart policy: unknown policy '${name}'; use one of ${RESTART_POLICIES.join(', ')}`);
  if (maxRetries !== 0 && policy !== 'on-failure') {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (maxRetries < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
  if (policy !== 'no' && hostConfig.boolean('AutoRemove')) throw invalid("can't create 'AutoRemove' container with restart policy");
  return { policy, maxRetries };
}
