import type { EventLog } from '@shiplog/contracts';
import { type RunningEngine, startEngine } from '@shiplog/engine';
import { IMAGE, simParts } from '@shiplog/engine/testing';
import { hostClock } from '@shiplog/plugin-host';
import { SimHost, simulatedDrivers } from '@shiplog/sim-host';

export const BOOT = 'boot-1';

/** An engine over a log on disk and a host in memory, which is as new as after a reboot. */
export function simulatedEngine(log: EventLog, instance: string): Promise<RunningEngine> {
  const host = new SimHost({ bootId: BOOT, now: hostClock.now });
  const drivers = simulatedDrivers(host, {
    around: async (_call, effect) => effect(),
    archives: () => [{ manifest: IMAGE, tags: ['sim:latest'] }],
  });
  let number = 0;
  // Ids that no other run of an engine gives.
  const next = (): string => `${instance}${(number += 1).toString(16).padStart(8, '0')}`;
  return startEngine(simParts({ log, drivers, clock: hostClock, instance, next }));
}
