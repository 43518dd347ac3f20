// A test run with a daemon and a container, until it is killed: doomed-run.script.js DIRECTORY
import { join } from 'node:path';
import { busyboxArchive } from '../busybox-image.ts';
import { TestDaemon } from '../daemon.ts';
import { makeRunDirectory } from './run-directory.ts';

const { path } = await makeRunDirectory(process.argv[2]);
process.env['TMPDIR'] = path;
const daemon = await TestDaemon.start();
const archive = join(daemon.directory, 'image.tar');
await busyboxArchive(archive);
for (const args of [
  ['load', '-q', '-i', archive],
  ['run', '-d', '--name', 'left', 'busybox:test', 'sleep', '1000'],
  // What is frozen does not die.
  ['run', '-d', '--name', 'paused', 'busybox:test', 'sleep', '1000'],
  ['pause', 'paused'],
]) {
  const { code, stderr } = await daemon.docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
}
console.log(JSON.stringify({ run: path, home: daemon.directory, bridge: daemon.bridge }));
setInterval(() => undefined, 1000);
