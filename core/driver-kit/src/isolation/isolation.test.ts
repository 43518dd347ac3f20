import { rejects } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type Json, ShiplogError, type StepJournal } from '@shiplog/contracts';
import { createTestServices } from '../testing/index.ts';
import { GuestGone } from './guest-connection.ts';
import type { Note } from './message.ts';
import { type Guest, type GuestSource, startGuest } from './start-guest.ts';

const PLUGIN = new URL('./testing/odd-plugin.test.double.js', import.meta.url).href;

interface Lab {
  readonly guest: Guest;
  readonly notes: Note[];
  readonly printed: string[];
  readonly directory: string;
  call(
    name: string,
    options?: {
      readonly ms?: number;
      readonly signal?: AbortSignal;
      readonly journal?: StepJournal;
      readonly progress?: (told: unknown) => void;
    },
  ): Promise<unknown>;
}

/** How long a guest may take before it is taken for hung, in milliseconds. Much, where it is not to be, however slow the machine is. */
const PATIENCE_MS = { much: 1500, little: 150 };

async function withGuest(source: GuestSource, work: (lab: Lab) => Promise<void>, patienceMs = PATIENCE_MS.much): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'guest-'));
  const services = createTestServices({ stateDir: directory, runDir: directory, engineId: 'engine' });
  const notes: Note[] = [];
  const printed: string[] = [];
  const guest = await startGuest(source, {
    note: (note) => notes.push(note),
    printed: (line) => printed.push(line),
    log: services.log,
    patienceMs,
    socketDirectory: directory,
  });
  guest.connection.welcome({ 'volume/odd': { home: services.home, options: {} } });
  try {
    await work({
      guest,
      notes,
      printed,
      directory,
      call: (name, { ms = 60_000, signal = AbortSignal.timeout(ms), journal, progress } = {}) =>
        guest.connection.call(
          'volume/odd',
          'create',
          { name, path: '/v' },
          createContext({
            op: 'op1',
            signal,
            ...(journal === undefined ? {} : { journal }),
            ...(progress === undefined ? {} : { progress }),
          }),
        ),
    });
  } finally {
    guest.kill();
    await guest.exited;
    await rm(directory, { recursive: true });
  }
}

const code = (wanted: string) => (error: unknown) => error instanceof ShiplogError && error.code === wanted;

// Nobody else keeps the test's process while a guest is silent.
const alive = setInterval(() => undefined, 1000);

for (const isolation of ['worker', 'process'] as const) {
  const source: GuestSource = { isolation, module: PLUGIN, kernel: new URL('./testing/no-kernel.test.double.js', import.meta.url).href };
  const test = suite(`isolation: ${isolation}`);

  test('given a guest, when a verb is called, then it answers; log lines, prints and progress arrive', async () => {
    await withGuest(source, async ({ guest, call, notes, printed }) => {
      assert.is((await guest.connection.hello).drivers[0]?.name, 'odd');
      const progress: unknown[] = [];
      assert.equal(await call('talk', { progress: (told) => progress.push(told) }), {});
      assert.equal(progress, [{ status: 'half', current: 1, total: 2 }]);
      assert.equal(
        notes.map(({ message, facts }) => [message, facts]),
        [['hello', { from: 'odd' }]],
      );
      await until(() => printed.length > 0);
      assert.equal(printed, ['printed']);
      const ctx = createContext({ op: 'observe', signal: AbortSignal.timeout(60_000) });
      assert.equal(await guest.connection.call('volume/odd', 'observe', {}, ctx), [{ resource: 'volume', id: 'engine' }]);
    });
  });

  test('given verbs that throw, or answer what is no data, when they are called, then only they fail', async () => {
    await withGuest(source, async ({ call }) => {
      await rejects(call('throw'), (error) => code('DRIVER_FAILED')(error) && /broken/.test(String(error)));
      // JSON has no functions: over a socket the key is gone, between threads it cannot be sent at all.
      if (isolation === 'worker') await rejects(call('function'), code('DRIVER_FAILED'));
      else assert.equal(await call('function'), {});
      assert.equal(await call('plain'), {});
    });
  });

  test('given a verb that never answers, when its deadline passes, then it fails, others go on, and the guest is not taken for hung', async () => {
    await withGuest(source, async ({ guest, call }) => {
      // Awaited from the start: the other call may take longer than its deadline.
      const silent = rejects(call('silent', { ms: 100 }), code('DEADLINE_EXCEEDED'));
      assert.equal(await call('plain'), {});
      await silent;
      assert.equal(
        await Promise.race([
          guest.connection.hung.then(() => 'hung'),
          new Promise((resolve) => setTimeout(resolve, 2.5 * PATIENCE_MS.much, 'alive')),
        ]),
        'alive',
      );
      assert.equal(await call('plain'), {});
    });
  });

  test('given a verb that heeds its signal, when it is canceled, then it is told', async () => {
    await withGuest(source, async ({ call, guest }) => {
      await rejects(call('patient', { ms: 100 }), code('DEADLINE_EXCEEDED'));
      assert.is(await guest.connection.isAlive(60_000), true);
    });
  });

  test('given a verb that takes a moment to end, when its caller goes away, then the call ends when the verb has', async () => {
    await withGuest(source, async ({ call, directory }) => {
      const gone = new AbortController();
      const called = call('lingering', { signal: gone.signal });
      gone.abort();
      await rejects(called, code('CANCELED'));
      assert.is(await readFile(join(directory, 'done'), 'utf8'), 'ended\n');
    });
  });

  test('given a busy loop, when its deadline passes, then the guest is found hung, and can be ended', async () => {
    await withGuest(
      source,
      async ({ guest, call }) => {
        await rejects(call('busy', { ms: 100 }), code('DEADLINE_EXCEEDED'));
        await guest.connection.hung;
        const other = call('plain');
        guest.kill();
        await rejects(other, (error) => error instanceof GuestGone);
        await guest.exited;
      },
      PATIENCE_MS.little,
    );
  });

  test('given process.exit in a verb, when it is called, then the call says that the guest is gone', async () => {
    await withGuest(source, async ({ guest, call }) => {
      await rejects(call('exit'), (error) => error instanceof GuestGone && /7/.test(error.message));
      assert.match(await guest.exited, 'code 7');
    });
  });

  test('given a guest that ends in the middle of its steps, when the next one is called with the same journal, then recorded steps are not done again', async () => {
    const records = new Map<string, { readonly value?: Json }>();
    const journal: StepJournal = {
      find: async (step) => records.get(step),
      record: async (step, value) => void records.set(step, value === undefined ? {} : { value }),
    };
    let done = '';
    await withGuest(source, async ({ call, directory }) => {
      if (isolation === 'worker') {
        // A thread shares the process id: it is cut off by its host instead.
        await call('steps', { journal });
        records.delete('publish');
      } else await rejects(call('steps-exit', { journal }), (error) => error instanceof GuestGone);
      done = (await readFile(join(directory, 'done'), 'utf8')).split('\n')[0] ?? '';
    });
    assert.is(done, 'token');
    const token = records.get('token')?.value;
    await withGuest(source, async ({ call, directory }) => {
      assert.equal(await call(isolation === 'worker' ? 'steps' : 'steps-exit', { journal }), {});
      assert.is(await readFile(join(directory, 'done'), 'utf8'), `publish ${String(token)}\n`);
    });
  });

  test('given a module that is no plugin, when it is started, then the error has its last words, and nothing runs on', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'guest-'));
    const { log } = createTestServices({ stateDir: directory, runDir: directory });
    const host = { note: () => undefined, printed: () => undefined, log, patienceMs: 100, socketDirectory: directory };
    await rejects(
      startGuest({ ...source, module: 'file:///nowhere/plugin.js' }, host),
      (error) => code('DRIVER_UNAVAILABLE')(error) && /nowhere/.test(String(error)),
    );
    await rm(directory, { recursive: true });
  });

  test.run();
}

const test = suite('isolation: programs');

test('given a program that sends what is no message, when it is heard, then it is cut off with the line', async () => {
  const script = `const s = require('node:net').connect(process.env.SHIPLOG_SOCKET); s.write('what?\\n'); setInterval(() => {}, 1000)`;
  const directory = await mkdtemp(join(tmpdir(), 'guest-'));
  const { log } = createTestServices({ stateDir: directory, runDir: directory });
  const host = { note: () => undefined, printed: () => undefined, log, patienceMs: 100, socketDirectory: directory };
  await rejects(
    startGuest({ isolation: 'process', command: [process.execPath, '-e', script], directory }, host),
    (error) => code('DRIVER_UNAVAILABLE')(error) && /what\?/.test(String(error)),
  );
  await rejects(startGuest({ isolation: 'process', command: ['/no/such/program'], directory }, host), code('DRIVER_UNAVAILABLE'));
  await rm(directory, { recursive: true });
});

test('given a host that is killed, when its guest is in a busy loop, then the guest ends too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'doomed-'));
  try {
    const script = new URL('./testing/doomed-host.test.script.js', import.meta.url).pathname;
    const host = spawn(process.execPath, [script, PLUGIN, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(pid > 0 && isRunning(pid));
    host.kill('SIGKILL');
    await until(() => !isRunning(pid));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test.after(() => clearInterval(alive));
test.run();

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 10)))
    assert.ok(Date.now() < end, 'not within 60 s');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
