import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { FluentdLog, FLUENTD_OPTIONS } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/log-fluentd', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'fluentd',
        capabilities: { read: false, follow: false, spool: true, direct: false, lasting: true },
        options: FLUENTD_OPTIONS,
        needs: {},
        doc: 'Forwards output to fluentd or fluent-bit, over the forward protocol.',
      },
      driver: FluentdLog,
    }),
  ],
});
