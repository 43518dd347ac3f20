import { type DriverInfo, ShiplogError, type StateView } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';

/** The drivers without those of plugins that the state says are disabled. */
export function enabledDrivers(drivers: Drivers, state: StateView): Drivers {
  const isDisabled = ({ plugin }: DriverInfo): boolean => state.plugins.has(plugin);
  return {
    get(kind, name) {
      if (state.plugins.size > 0) {
        const info = drivers.list().find((driver) => driver.kind === kind && driver.name === name);
        if (info !== undefined && isDisabled(info))
          throw new ShiplogError('DRIVER_UNAVAILABLE', `the ${kind} driver ${name} is of plugin ${info.plugin}, which is disabled`, {
            kind,
            name,
            plugin: info.plugin,
          });
      }
      return drivers.get(kind, name);
    },
    list() {
      if (state.plugins.size === 0) return drivers.list();
      return drivers
        .list()
        .map((info): DriverInfo => (isDisabled(info) ? { ...info, probe: { usable: false, reason: 'its plugin is disabled' } } : info));
    },
  };
}
