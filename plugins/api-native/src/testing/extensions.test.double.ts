import { type Extensions, type PluginInfo, ShiplogError } from '@shiplog/contracts';

export const PLUGIN: PluginInfo = {
  name: '@shiplog/some',
  version: '1.0.0',
  specifier: '@shiplog/some',
  isolation: 'inline',
  status: 'running',
  ends: 0,
  reloads: 0,
  drivers: [],
};

/** One plugin and one view. */
export const EXTENSIONS: Extensions = {
  plugins: {
    list: () => [PLUGIN],
    inspect(name) {
      if (name === PLUGIN.name) return PLUGIN;
      throw new ShiplogError('PLUGIN_NOT_FOUND', `no plugin ${name}`);
    },
    lines: () => [{ time: '', level: 'info', message: 'hello', facts: {} }],
    start: async () => undefined,
    stop: async () => undefined,
    reload: async () => ({ ms: 1, missing: [], added: [] }),
  },
  views: {
    list: () => ['counts'],
    async ask(name, query) {
      if (name !== 'counts') throw new ShiplogError('VIEW_NOT_FOUND', `no view ${name}`);
      return { first: 0, seq: 8, view: { ...query } };
    },
  },
};
