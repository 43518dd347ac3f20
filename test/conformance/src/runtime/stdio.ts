import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type AddCheck, collect, readUntil, sleep, within } from './lab.ts';

const MIB = 1 << 20;

export function stdioChecks(check: AddCheck): void {
  check('given output on both streams, when it is attached before the start, then each arrives on its own, whole', async (lab) => {
    const { stdout, stderr } = await lab.run(['/bin/sh', '-c', 'echo out; echo err >&2; printf end']);
    assert.equal(stdout, 'out\nend');
    assert.equal(stderr, 'err\n');
  });

  check('given 1 MiB of output, when it is attached, then all of it arrives', async (lab) => {
    const { stdout } = await lab.run(['/bin/sh', '-c', 'yes 0123456789abcde | head -c 1048576']);
    assert.equal(stdout.length, MIB);
    assert.equal(stdout, '0123456789abcde\n'.repeat(MIB / 16));
  });

  check('given output, when nobody is attached, then the log has it', async (lab) => {
    const id = await lab.up(['/bin/echo', 'for the log']);
    await lab.exited({ id });
    assert.match(await readFile(lab.fixture.logPath(id), 'utf8'), /for the log/);
  });

  check('given a reader that waits, when 4 MiB are said, then it misses nothing', async (lab) => {
    const id = await lab.create(['/bin/sh', '-c', 'yes 0123456789abcde | head -c 4194304']);
    const channel = await lab.driver.attach({ id });
    await lab.driver.start({ id }, lab.ctx());
    await sleep(500);
    assert.equal((await within(collect(channel), 'the output does not end')).stdout.length, 4 * MIB);
  });

  check('given a program that reads stdin, when input is written and ended, then it gets all of it and its end', async (lab) => {
    const input = randomBytes(MIB);
    const { stdout, exitCode } = await lab.run(['/bin/sha256sum'], {}, input);
    assert.equal(exitCode, 0);
    assert.equal(stdout, `${createHash('sha256').update(input).digest('hex')}  -\n`);
  });

  check('given a program that answers after the end of its input, when input is half-closed, then the answer arrives', async (lab) => {
    const { stdout } = await lab.run(['/bin/sh', '-c', 'cat; sleep 0.1; echo bye'], {}, Buffer.from('hello\n'));
    assert.equal(stdout, 'hello\nbye\n');
  });

  check('given no stdin, when a program reads it, then it ends at once', async (lab) => {
    assert.equal((await lab.run(['/bin/cat'])).exitCode, 0);
  });

  check('given stdin that stays open, when the first writer leaves, then a second can write', async (lab) => {
    const id = await lab.up(['/bin/cat'], { stdin: true, stdinOnce: false });
    const first = await lab.driver.attach({ id });
    await first.write(Buffer.from('one\n'));
    await readUntil(first.output[Symbol.asyncIterator](), 'one\n');
    first.endInput();
    first.close();
    await sleep(100);
    const second = await lab.driver.attach({ id });
    await second.write(Buffer.from('two\n'));
    await readUntil(second.output[Symbol.asyncIterator](), 'two\n');
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'running');
  });

  check('given stdin for one writer, when that writer ends its input, then the program sees the end', async (lab) => {
    const id = await lab.up(['/bin/cat'], { stdin: true, stdinOnce: true });
    const channel = await lab.driver.attach({ id });
    await channel.write(Buffer.from('one\n'));
    await readUntil(channel.output[Symbol.asyncIterator](), 'one\n');
    channel.endInput();
    assert.equal((await lab.exited({ id })).exitCode, 0);
  });

  check('given two that are attached, when there is output, then both get it; when one leaves, the other stays', async (lab) => {
    const id = await lab.create(['/bin/cat'], { stdin: true, stdinOnce: true });
    const [one, two] = [await lab.driver.attach({ id }), await lab.driver.attach({ id })];
    await lab.driver.start({ id }, lab.ctx());
    await one.write(Buffer.from('to both\n'));
    await readUntil(one.output[Symbol.asyncIterator](), 'to both\n');
    const output = two.output[Symbol.asyncIterator]();
    await readUntil(output, 'to both\n');
    await lab.driver.signal({ id, signal: 9 }, lab.ctx());
    await lab.exited({ id });
    assert.equal((await within(output.next(), 'the output does not end')).done, true);
  });

  check('given a process that ended, when input is written, then it is ignored', async (lab) => {
    const id = await lab.create(['/bin/true'], { stdin: true, stdinOnce: true });
    const channel = await lab.driver.attach({ id });
    await lab.driver.start({ id }, lab.ctx());
    await lab.exited({ id });
    await within(channel.write(randomBytes(MIB)), 'the write does not end');
    channel.endInput();
    channel.close();
    channel.close();
  });

  check('given a terminal, when it is resized, then the program sees its size; what it reads is echoed', async (lab) => {
    const id = await lab.create(['/bin/sh'], { terminal: true, stdin: true, stdinOnce: true, env: ['PATH=/bin', 'TERM=xterm', 'PS1=$ '] });
    const channel = await lab.driver.attach({ id });
    await lab.driver.resize({ id, rows: 33, columns: 77 }, lab.ctx());
    await lab.driver.start({ id }, lab.ctx());
    const output = channel.output[Symbol.asyncIterator]();
    await channel.write(Buffer.from('stty size\n'));
    const said = await readUntil(output, '33 77\r\n');
    assert.match(said, /stty size/);
    await lab.driver.resize({ id, rows: 20, columns: 40 }, lab.ctx());
    await channel.write(Buffer.from('sleep 0.2; stty size; echo err >&2; exit 5\n'));
    await readUntil(output, '20 40\r\n');
    assert.equal((await lab.exited({ id })).exitCode, 5);
  });

  check('given a terminal and a console size in the spec, when output is read, then all of it is stream 1', async (lab) => {
    const { stdout, stderr } = await lab.run(['/bin/sh', '-c', 'echo out; echo err >&2; test -t 0 && test -t 1 && echo tty'], {
      terminal: true,
      stdin: true,
    });
    assert.equal(stdout, 'out\r\nerr\r\ntty\r\n');
    assert.equal(stderr, '');
  });
}
