import type { CommandArgs, ContainerSpec } from '@shiplog/contracts';
import type { RecordedCommand } from '@shiplog/replay';

/** Why a command is not asked of an engine with another log. Undefined for others. */
export function aboutTheLog({ verb }: RecordedCommand): string | undefined {
  return verb === 'log.seal' || verb === 'log.prune' ? 'it is about positions of the log that was recorded' : undefined;
}

/** Why a command is not asked of an engine that is to keep to itself: it would reach out of its root. Undefined for others. */
export function reachesOut({ verb, args }: RecordedCommand): string | undefined {
  if (verb !== 'container.create') return undefined;
  const { spec } = args as CommandArgs['container.create'];
  const reasons: readonly (readonly [boolean, string])[] = [
    [spec.mounts.some(({ type }) => type === 'bind'), 'it binds directories of the host'],
    [spec.privileged, 'it is privileged'],
    [spec.devices.length > 0, 'it has devices of the host'],
    [sharesHost(spec), 'it shares processes, memory or names with the host'],
  ];
  return reasons.find(([applies]) => applies)?.[1];
}

function sharesHost({ pidMode, ipcMode, utsMode }: ContainerSpec): boolean {
  return [pidMode, ipcMode, utsMode].includes('host');
}
