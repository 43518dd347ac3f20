// Starts a guest in a busy loop, prints its pid, and waits to be killed: node doomed-host.test.script.js PLUGIN-URL DIRECTORY
import { createContext } from '@shiplog/contracts';
import { createTestServices } from '../../testing/index.ts';
import { startGuest } from '../start-guest.ts';

const [, , module = '', directory = ''] = process.argv;
const { log, home } = createTestServices({ stateDir: directory, runDir: directory });
const guest = await startGuest(
  { isolation: 'process', module, kernel: new URL('./no-kernel.test.double.js', import.meta.url).href },
  { note: () => undefined, printed: () => undefined, log, patienceMs: 60_000, socketDirectory: directory },
);
guest.connection.welcome({ 'volume/odd': { home, options: {} } });
const ctx = createContext({ op: 'op1', signal: new AbortController().signal });
void guest.connection.call('volume/odd', 'create', { name: 'busy', path: '/v' }, ctx);
setTimeout(() => process.stdout.write(`${guest.pid}\n`), 200);
setInterval(() => undefined, 1000);
