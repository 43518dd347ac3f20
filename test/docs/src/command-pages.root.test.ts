// time limit: 600 s
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { read, TOP } from './repository.ts';
import { runSteps, stepsOf } from './transcript.ts';

const test = suite('documentation: commands');

/** Pages whose `console` blocks are run, each against an engine of its own, in a directory with an image. */
const PAGES = ['docs/audit.md', 'docs/networks.md', 'docs/proofs.md', 'docs/retention.md', 'docs/storage.md'] as const;

for (const page of PAGES) {
  test(`given ${page}, when its commands are run, then they print what it says`, async () => {
    const steps = stepsOf(await read(page));
    assert.ok(steps.length >= 8);
    await using directory = await temporaryDirectory();
    await busyboxArchive(join(directory.path, 'busybox.tar'), 'busybox:latest');
    const config = join(directory.path, 'config.json');
    await writeFile(config, JSON.stringify({ driverOptions: { 'network/cni': { 'conflist-directory': join(directory.path, 'cni') } } }));
    const daemon = await TestDaemon.start({ extra: ['--config', config] });
    try {
      const env = { ...daemon.env, PATH: `${join(TOP, 'node_modules/.bin')}:${process.env['PATH'] ?? dirname(process.execPath)}` };
      assert.equal(await runSteps(steps, { cwd: directory.path, env }), []);
    } finally {
      await daemon.destroy();
    }
  });
}

test.run();
