// time limit: 120 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelLog } from './level-log.ts';
import { all, IDENTITY } from './samples.test.util.ts';

const ROUNDS = 15;
const WRITER = fileURLToPath(new URL('./crash-writer.test.script.js', import.meta.url));

const test = suite('a writer that is killed');

/** When a writer dies: after so many bytes of acknowledgements, or so many milliseconds after its start. */
type Death = { readonly bytes: number } | { readonly ms: number };

/** Runs the writer, kills it with SIGKILL, and answers with what it printed. */
async function killedWriter(directory: string, start: number, death: Death): Promise<string> {
  const child = spawn(process.execPath, [WRITER, directory, String(start)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text;
    if ('bytes' in death && printed.length > death.bytes) child.kill('SIGKILL');
  });
  const timer = 'ms' in death ? setTimeout(() => child.kill('SIGKILL'), death.ms) : undefined;
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  assert.is(code, null, 'the writer ended by itself');
  return printed;
}

test('given kill -9 at random moments, when opened again, then nothing acknowledged is lost or changed, and there is no gap', async () => {
  await using temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'log');
  const acknowledged = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    // Some rounds die while they open the log, most while they write.
    const death = round % 3 === 0 ? { ms: 40 + Math.random() * 300 } : { bytes: Math.random() * 5000 };
    const printed = await killedWriter(directory, round * 1_000_000, death);
    for (const line of printed.split('\n').slice(0, -1)) {
      const [seq, number] = line.split(' ').map(Number);
      acknowledged.set(seq ?? -1, number ?? -1);
    }
    const log = await openLevelLog({ ...IDENTITY, directory });
    const events = await all(log.read());
    assert.ok(events.every((event, index) => event.seq === index));
    for (const [seq, number] of acknowledged) {
      const event = events[seq];
      assert.is(event?.type === 'container.oom' ? event.data.kills : undefined, number, `acknowledged event ${seq} in round ${round}`);
    }
    assert.equal((await log.verify()).damage, []);
    await log.close();
  }
  assert.ok(acknowledged.size > 100, `only ${acknowledged.size} acknowledgements`);
});

test.run();
