import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineDriver, definePlugin } from '../../define-plugin.ts';

/** A volume driver that does what the volume's name says: it proves what a host does with each. */
export default definePlugin({
  manifest: { name: 'odd', version: '1.0.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: { kind: 'volume', name: 'odd', capabilities: {}, needs: {}, doc: 'Odd on purpose.' },
      create: ({ home, logger }) => ({
        observe: async () => [{ resource: 'volume', id: home.engineId }],
        async create({ name }, ctx) {
          const done = (what: string): Promise<void> => appendFile(join(home.stateDir, 'done'), `${what}\n`);
          if (name === 'silent') await new Promise(() => undefined);
          if (name === 'exit') process.exit(7);
          if (name === 'throw') throw new TypeError('broken');
          if (name === 'function') return { answer: () => 1 } as never;
          if (name === 'shape') return { answered: 'something else' } as never;
          if (name === 'busy') for (;;);
          if (name === 'talk') {
            logger.info('hello', { from: 'odd' });
            console.log('printed');
            ctx.progress({ status: 'half', current: 1, total: 2 });
          }
          if (name === 'patient')
            await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }));
          if (name === 'lingering') {
            if (!ctx.signal.aborted)
              await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve(), { once: true }));
            await done('ended');
            ctx.signal.throwIfAborted();
          }
          if (name.startsWith('steps')) {
            const token = await ctx.step('token', async () => {
              await done('token');
              return `${process.pid}-${Math.random()}`;
            });
            if (name === 'steps-exit' && (await ctx.step('first-life', () => process.pid)) === process.pid) process.exit(3);
            await ctx.step('publish', () => done(`publish ${token}`));
          }
          return {};
        },
        publish: async ({ path }) => ({ path }),
        unpublish: async () => ({}),
        remove: async () => ({}),
      }),
    }),
  ],
});
