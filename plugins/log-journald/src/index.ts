import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { JournaldLog, JOURNALD_OPTIONS } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/log-journald', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'journald',
        capabilities: { read: true, follow: true, spool: true, direct: false, lasting: true },
        options: JOURNALD_OPTIONS,
        needs: {},
        doc: 'Sends output to the systemd journal, and reads it back from there.',
      },
      driver: JournaldLog,
    }),
  ],
});
