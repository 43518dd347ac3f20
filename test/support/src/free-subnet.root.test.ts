import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from './command.ts';
import { freeSubnet } from './free-subnet.ts';

const test = suite('free subnets');

test('given two subnets, when they are asked for three times, then each is given once', async () => {
  const both = ['198.18.240', '198.18.241'];
  const given = [await freeSubnet(both), await freeSubnet(both)];
  assert.equal(given.toSorted(), both);
  const third = await freeSubnet(both).catch((error: Error) => error.message);
  assert.match(third, 'none of 2 subnets is free');
});

test('given a program that was given a subnet and has ended, when it is asked for again, then it is given', async () => {
  const program = `import { freeSubnet } from ${JSON.stringify(new URL('free-subnet.js', import.meta.url).href)};
    console.log(await freeSubnet(['198.18.242']));`;
  for (const _ of ['first', 'second']) {
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program]);
    assert.is(stdout, '198.18.242\n', stderr);
  }
});

test('given a host with a route to one of two subnets, when one is asked for, then it is the other', async () => {
  const route = ['198.18.243.0/24', 'dev', 'lo'];
  assert.is((await run('ip', ['route', 'add', ...route])).code, 0);
  try {
    assert.is(await freeSubnet(['198.18.243', '198.18.244']), '198.18.244');
  } finally {
    await run('ip', ['route', 'del', ...route]);
  }
});

test.run();
