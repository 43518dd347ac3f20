import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { TlogApi } from './tlog-api.ts';

export { TlogApi } from './tlog-api.ts';
export { PREFIX } from './tlog-handler.ts';

export default definePlugin({
  manifest: { name: '@shiplog/api-tlog', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'api',
        name: 'tlog',
        capabilities: { witnesses: true },
        needs: {},
        doc: 'The log as a transparency log (C2SP): signed checkpoints, tiles and entries, so that anyone can check what happened.',
      },
      driver: TlogApi,
    }),
  ],
});
