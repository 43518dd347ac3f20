import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type LogDriver } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { temporaryDirectory } from '@shiplog/test-support';
import plugin from './index.ts';

const test = suite('log none');

test('given the directory of a container without output, when its log is removed twice, then the directory is gone', async () => {
  await using temporary = await temporaryDirectory();
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('there is a driver');
  const services = createTestServices({ kernel: createKernel(), stateDir: temporary.path, runDir: temporary.path });
  const { driver } = instantiate(definition, services) as { readonly driver: LogDriver };
  const directory = join(temporary.path, 'c1');
  await mkdir(directory);
  const path = join(directory, 'output.log');
  const ctx = createContext({ op: 'test', signal: new AbortController().signal });
  for (let times = 0; times < 2; times += 1) assert.equal(await driver.remove({ id: 'c1', spool: path, path }, ctx), {});
  assert.is(
    await access(directory).then(
      () => 'there',
      () => 'gone',
    ),
    'gone',
  );
});

test.run();
