import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { read, TOP } from './repository.ts';
import { runSteps, stepsOf } from './transcript.ts';

const test = suite('documentation: audit');

test('given docs/audit.md, when its commands are run, then they print what it says', async () => {
  const steps = stepsOf(await read('docs/audit.md'));
  assert.ok(steps.length > 15);
  await using directory = await temporaryDirectory();
  const daemon = await TestDaemon.start();
  try {
    const env = { ...daemon.env, PATH: `${join(TOP, 'node_modules/.bin')}:${process.env['PATH'] ?? dirname(process.execPath)}` };
    assert.equal(await runSteps(steps, { cwd: directory.path, env }), []);
  } finally {
    await daemon.destroy();
  }
});

test.run();
