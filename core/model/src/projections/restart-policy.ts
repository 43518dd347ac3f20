import type { ContainerRecord } from '@shiplog/contracts';
import { hasEnded } from './is-up.ts';

/** Whether the restart policy wants a container that ended with `exitCode`, unasked, to be started again. */
export function wantsRestart({ spec, restartCount }: Pick<ContainerRecord, 'spec' | 'restartCount'>, exitCode: number): boolean {
  const { policy, maxRetries } = spec.restart;
  switch (policy) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && (maxRetries === 0 || restartCount < maxRetries);
  }
}

/** Whether a container that ended is to be started when the engine is: with `always` also one that was stopped, as with Docker. */
export function startsWithEngine(container: ContainerRecord): boolean {
  if (!hasEnded(container) || container.startedAt === '') return false;
  return container.spec.restart.policy === 'always' || (!container.stopRequested && wantsRestart(container, container.exitCode));
}
