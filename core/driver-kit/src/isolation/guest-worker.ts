// A thread that serves one plugin.
import { parentPort, workerData } from 'node:worker_threads';
import type { ToGuest, ToHost } from './message.ts';
import { importKernel, importPlugin } from './guest-plugin.ts';
import { serveGuest } from './serve-guest.ts';
import { portWire } from './wire.ts';

const { plugin, kernel } = workerData as { readonly plugin: string; readonly kernel: string };
const port = parentPort;
if (port === null) throw new Error('this module is for worker threads');
const wire = portWire<ToHost, ToGuest>(port, () => port.close());
// What the import throws ends the thread, and the host is told.
void importPlugin(plugin).then((imported) => serveGuest(wire, imported, () => importKernel(kernel)));
