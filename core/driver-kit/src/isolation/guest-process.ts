// A process that serves one plugin: node guest-process.js PLUGIN-URL [KERNEL-URL], with SHIPLOG_SOCKET in its environment.
import { connect } from 'node:net';
import type { ToGuest, ToHost } from './message.ts';
import { importKernel, importPlugin } from './guest-plugin.ts';
import { serveGuest } from './serve-guest.ts';
import { lineWire } from './wire.ts';

const [plugin = '', kernel = ''] = process.argv.slice(2);
const wire = lineWire<ToHost, ToGuest>(connect(process.env['SHIPLOG_SOCKET'] ?? ''));
await serveGuest(wire, await importPlugin(plugin), () => importKernel(kernel));
process.exit(0);
