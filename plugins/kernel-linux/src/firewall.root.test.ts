import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { kernel, kernelTests, rejects } from './kernel.test.util.ts';

const { firewall } = kernel;
const run = promisify(execFile);

await kernelTests(import.meta.filename, 'firewall', (test) => {
  test('given nft scripts, when one line is wrong, then nothing of it is done and nft says why', async () => {
    await firewall.apply('table ip shiplog_kt { set s { type ipv4_addr; }\n }\n');
    const error = await rejects(
      firewall.apply('add element ip shiplog_kt s { 198.18.0.1 }\nadd rule ip shiplog_kt nochain accept\n'),
      'KERNEL_CALL_FAILED',
    );
    assert.match(error.message, /nft: /);
    const [set] = await firewall.list('list set ip shiplog_kt s');
    assert.is((set?.['set'] as { elem?: unknown } | undefined)?.elem, undefined);
    await firewall.apply('delete table ip shiplog_kt');
    await rejects(firewall.list('list table ip shiplog_kt'), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(firewall.apply('no such command'), 'KERNEL_CALL_FAILED', 'EINVAL');
  });

  test('given a namespace, when a script is applied there, then it holds there and nowhere else', async ({ directory }) => {
    const namespace = join(directory, 'net');
    await kernel.namespaces.createNetwork(namespace);
    try {
      const table = 'table ip shiplog_kt\ndelete table ip shiplog_kt\ntable ip shiplog_kt { chain c { }\n }\n';
      await firewall.apply(table, namespace);
      await firewall.apply(table, namespace);
      const { stdout } = await run('nsenter', [`--net=${namespace}`, 'nft', 'list', 'tables']);
      assert.is(stdout, 'table ip shiplog_kt\n');
      await rejects(firewall.list('list table ip shiplog_kt'), 'KERNEL_CALL_FAILED', 'ENOENT');
      await rejects(firewall.apply('delete table ip shiplog_none', namespace), 'KERNEL_CALL_FAILED', 'ENOENT');
      await rejects(firewall.apply(table, join(directory, 'none')), 'KERNEL_CALL_FAILED', 'ENOENT');
    } finally {
      await kernel.namespaces.removeNetwork(namespace);
    }
  });

  test('given scripts from many callers at once, when they run, then each has its own answer', async () => {
    await firewall.apply('table ip shiplog_kt { set s { type inet_service; }\n }\n');
    const ended = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        firewall.apply(`add element ip shiplog_kt ${index % 2 === 0 ? 's' : 'no'} { ${index + 1} }\n`),
      ),
    );
    assert.is(ended.filter(({ status }) => status === 'fulfilled').length, 10);
    const [set] = await firewall.list('list set ip shiplog_kt s');
    assert.is((set?.['set'] as { elem: readonly unknown[] } | undefined)?.elem.length, 10);
    await firewall.apply('delete table ip shiplog_kt');
  });
});
