import { join } from 'node:path';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('runtime-sim in an engine');
const daemon = await TestDaemon.start({ extra: ['--plugin', '@shiplog/runtime-sim'] });
test.after(() => daemon.destroy());

const docker = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await daemon.docker(args);
  assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout.trim();
};

test('given an engine with the plugin, when containers run with it, then they live as others do, over a killed daemon', async () => {
  const archive = join(daemon.directory, 'image.tar');
  await busyboxArchive(archive);
  await docker('load', '-q', '-i', archive);
  const short = ['--annotation', 'sim.run-ms=50', '--annotation', 'sim.exit-code=4'];
  const ran = await daemon.docker(['run', '--runtime', 'sim', ...short, 'busybox:test', 'no-such-program']);
  assert.equal([ran.code, ran.stdout], [4, ''], ran.stderr);
  await docker('run', '-d', '--name', 'on', '--runtime', 'sim', 'busybox:test', 'sleep', '1000');
  await docker('exec', 'on', 'true');
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await docker('inspect', '-f', '{{.State.Status}}', 'on'), 'running');
  await docker('stop', 'on');
  assert.is(await docker('inspect', '-f', '{{.State.ExitCode}}', 'on'), '143');
  // Others are as real as ever beside it.
  assert.is(await docker('run', '--rm', 'busybox:test', 'echo', 'real'), 'real');
});

test.run();
