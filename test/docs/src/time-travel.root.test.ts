// time limit: 120 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';
import { read, TOP } from './repository.ts';

const test = suite('documentation: docs/time-travel.md');

/** A command of the page, and the lines that it says are printed. */
interface Step {
  readonly command: string;
  readonly printed: readonly string[];
}

async function steps(): Promise<readonly Step[]> {
  const blocks = [...(await read('docs/time-travel.md')).matchAll(/```console\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.trimEnd().split('\n'),
  );
  const found: { command: string; printed: string[] }[] = [];
  for (const line of blocks) {
    if (line.startsWith('# ')) found.push({ command: line.slice(2), printed: [] });
    else found.at(-1)?.printed.push(line);
  }
  return found;
}

/** Runs the commands in one shell, as somebody would who types them; answers what each one printed. */
async function typed(commands: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const mark = '<<<next>>>';
  const script = commands.map((command) => `${command}\necho "${mark}"`).join('\n');
  const shell = spawn('sh', ['-e', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, told] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  const parts = printed.split(`${mark}\n`);
  assert.is(parts.length - 1, commands.length, `stopped at ${commands[parts.length - 1]}: ${told}`);
  return parts.slice(0, -1);
}

test('given the page, when its commands are typed, then they print what it says', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-docs-'));
  const daemon = await TestDaemon.start();
  try {
    await busyboxArchive(join(scratch, 'image.tar'), 'busybox:latest');
    assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'image.tar')])).code, 0);
    const page = await steps();
    assert.ok(page.length > 10);
    const path = `${join(TOP, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
    const printed = await typed(
      page.map(({ command }) => command),
      { ...daemon.env, PATH: path },
    );
    for (const [index, { command, printed: wanted }] of page.entries()) {
      const lines = (printed[index] ?? '').trimEnd();
      const pattern = wanted.join('\n').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      assert.ok(new RegExp(`^${pattern.replaceAll('…', '.*')}$`).test(lines), `${command} printed:\n${lines}`);
    }
  } finally {
    await daemon.destroy();
    await rm(scratch, { recursive: true, force: true });
  }
});

test.run();
