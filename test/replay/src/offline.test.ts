// time limit: 240 s
import { chmod, copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fold, readSource } from '@shiplog/replay';
import { run, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenLogs } from './golden.ts';
import { writeLog } from './write-log.ts';

const test = suite('replay without a kernel');
const SCRIPT = fileURLToPath(new URL('replay-offline.script.js', import.meta.url));
const golden = (await goldenLogs()).at(-1);

/** Calls that containers are made of (syscalls(2)); and clone, whose flags say whether it makes a namespace. */
const CALLS = 'mount,umount2,move_mount,fsopen,open_tree,pivot_root,clone,clone3,unshare,setns,bpf,socket';

test('given a copied log, when it is folded, decided anew and simulated by nobody, then no mount, namespace, bpf or netlink call is made', async () => {
  assert.ok(golden);
  await using temporary = await temporaryDirectory();
  await chmod(temporary.path, 0o755);
  const copies = [join(temporary.path, 'export'), join(temporary.path, 'log')] as const;
  await copyFile(golden.log, copies[0]);
  await mkdir(copies[1]);
  await writeLog(golden.log, copies[1]);
  // As a copy that somebody handed on: to be read, not to be written.
  const all = await run('chmod', ['-R', 'a+rX', temporary.path]);
  assert.is(all.code, 0, all.stderr);
  const scratch = join(temporary.path, 'scratch');
  await mkdir(scratch);
  await chmod(scratch, 0o777);
  const { hash } = await fold(readSource(golden.log));
  for (const path of copies) {
    const trace = `${path}.trace`;
    const ran = await run('strace', ['-f', '-qq', '-e', `trace=${CALLS}`, '-o', trace, process.execPath, SCRIPT, path], {
      timeoutMs: 120_000,
      env: { ...process.env, TMPDIR: scratch },
    });
    assert.is(ran.code, 0, ran.stderr);
    const said = JSON.parse(ran.stdout);
    assert.is(said.hash, hash);
    assert.is(said.differences, golden.expected.differences.length);
    assert.ok(said.commands > 250 && said.simulated > 1000 && said.uid !== 0);
    const calls = (await readFile(trace, 'utf8')).split('\n').filter((line) => / (<\.\.\. )?[a-z_0-9]+[( ]/.test(line));
    assert.ok(
      calls.some((line) => /\bclone3?\(/.test(line)),
      'strace saw the threads of node',
    );
    const wrong = calls
      .filter((line) => !/\bclone3?\b/.test(line) || /CLONE_NEW/.test(line))
      .filter((line) => !/\bsocket\(AF_UNIX/.test(line));
    assert.equal(wrong, []);
  }
});

test.run();
