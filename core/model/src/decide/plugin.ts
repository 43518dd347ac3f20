import { type Givens, type InstalledPluginFacts, ShiplogError } from '@shiplog/contracts';
import { driverUser } from '../projections/driver-user.ts';
import type { Decider } from './verdict.ts';

export const decidePluginEnable: Decider<'plugin.enable'> = (_, { args, givens }) => {
  const { name } = installed(args.plugin, givens);
  return { decided: { name }, expected: 'any' };
};

/** Refused while something in the state relies on one of its drivers, or the engine itself does. */
export const decidePluginDisable: Decider<'plugin.disable'> = (view, { args, givens }) => {
  const plugin = installed(args.plugin, givens);
  const { name } = plugin;
  if (plugin.essential) throw inUse(name, 'the engine itself');
  for (const { kind, name: driver } of plugin.drivers) {
    const user = driverUser(view, kind, driver);
    if (user !== undefined) throw inUse(name, user);
  }
  return { decided: { name }, expected: 'any' };
};

export const decidePluginReload: Decider<'plugin.reload'> = (view, { args, givens }) => {
  const { name } = installed(args.plugin, givens);
  if (view.plugins.has(name))
    throw new ShiplogError('DRIVER_UNAVAILABLE', `plugin ${name} is disabled; enable it with: shiplog plugin enable ${name}`, {
      plugin: name,
    });
  return { decided: { name }, expected: 'any' };
};

function installed(name: string, { plugin }: Givens): InstalledPluginFacts {
  if (plugin?.name === name) return plugin;
  throw new ShiplogError('PLUGIN_NOT_FOUND', `there is no plugin "${name}"; see shiplog plugin ls`, { plugin: name });
}

function inUse(plugin: string, user: string): ShiplogError {
  return new ShiplogError('PLUGIN_IN_USE', `plugin ${plugin} is used by ${user}`, { plugin, user });
}
