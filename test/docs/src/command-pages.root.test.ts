import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { read, TOP } from './repository.ts';
import { runSteps, stepsOf } from './transcript.ts';

const test = suite('documentation: commands');

/** Pages whose `console` blocks are run, each against an engine of its own. */
const PAGES = ['docs/audit.md', 'docs/proofs.md', 'docs/retention.md'] as const;

for (const page of PAGES) {
  test(`given ${page}, when its commands are run, then they print what it says`, async () => {
    const steps = stepsOf(await read(page));
    assert.ok(steps.length >= 8);
    await using directory = await temporaryDirectory();
    const daemon = await TestDaemon.start();
    try {
      const env = { ...daemon.env, PATH: `${join(TOP, 'node_modules/.bin')}:${process.env['PATH'] ?? dirname(process.execPath)}` };
      assert.equal(await runSteps(steps, { cwd: directory.path, env }), []);
    } finally {
      await daemon.destroy();
    }
  });
}

test.run();
