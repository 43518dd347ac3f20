import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Succeeds once its code is loaded and all its drivers say that they can run here. */
export const pluginEnable: Handler<'plugin.enable'> = {
  async run(op) {
    const { name } = decided(op);
    await op.act('plugin.start', async () => op.engine.parts.plugins?.start(name));
    return {};
  },
  recover: async () => ({ status: 'failed', error: INTERRUPTED }),
  answer: ({ name }) => ({ name }),
};

export const pluginDisable: Handler<'plugin.disable'> = {
  async run(op) {
    const { name } = decided(op);
    await op.act('plugin.stop', async () => op.engine.parts.plugins?.stop(name));
    return {};
  },
  // What ran in the engine that died runs no more, and nothing of a disabled plugin is started.
  recover: async () => ({ status: 'ok', data: {} }),
  answer: ({ name }) => ({ name }),
};

export const pluginReload: Handler<'plugin.reload'> = {
  async run(op) {
    const { name } = decided(op);
    const { plugins } = op.engine.parts;
    const reloaded = await op.act('plugin.reload', async () => (await plugins?.reload(name)) ?? { ms: 0, missing: [], added: [] });
    await op.engine.names.resume();
    return reloaded;
  },
  recover: async () => ({ status: 'failed', error: INTERRUPTED }),
  answer: ({ name }, reloaded) => ({ name, ...reloaded }),
};
