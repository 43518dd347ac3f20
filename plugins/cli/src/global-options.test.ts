import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { globalOptions } from './global-options.ts';
import { runShiplog } from './run-shiplog.test.double.ts';

const test = suite('global options');

test('given a host before the verb, when it is written in any of Docker’s ways, then it is taken off', () => {
  for (const words of [['-H', 'unix:///s'], ['-Hunix:///s'], ['-H=unix:///s'], ['--host', 'unix:///s'], ['--host=unix:///s']])
    assert.equal(globalOptions([...words, 'ps', '-a']), { host: 'unix:///s', version: false, rest: ['ps', '-a'] }, words.join(' '));
  assert.equal(globalOptions(['ps', '-H']), { version: false, rest: ['ps', '-H'] });
  assert.is(globalOptions(['--version']).version, true);
});

test('given a host without a value, when it is typed, then that is said', async () => {
  const { code, stderr } = await runShiplog(globalOptions(['--host']).rest);
  assert.is(code, 125);
  assert.match(stderr, '--host needs a value: unix:///path/to/socket or tcp://host:port');
});

test.run();
