import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { SyslogLog, SYSLOG_OPTIONS } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/log-syslog', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'syslog',
        capabilities: { read: false, follow: false, spool: true, direct: false, lasting: true },
        options: SYSLOG_OPTIONS,
        needs: {},
        doc: 'Sends output to a syslog server: RFC 3164 or 5424 over udp, tcp, tls or a unix socket.',
      },
      driver: SyslogLog,
    }),
  ],
});
