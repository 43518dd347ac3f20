import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { FILE_OPTIONS } from './file-log.ts';
import { JsonFileLog } from './json-file.ts';
import { LocalLog } from './local.ts';

const capabilities = { read: true, follow: true, spool: true, direct: false, lasting: false };

export default definePlugin({
  manifest: { name: '@shiplog/log-file', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'json-file',
        capabilities,
        options: FILE_OPTIONS,
        needs: {},
        doc: "Docker's JSON lines, one file a container, rotated by size.",
      },
      driver: JsonFileLog,
    }),
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'local',
        capabilities,
        options: FILE_OPTIONS,
        needs: {},
        doc: 'Compact binary entries, five files of 20 MiB unless told otherwise, the full ones compressed.',
      },
      driver: LocalLog,
    }),
  ],
});
