import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCommand } from './parse-command.ts';
import { defineOptions } from './verb.ts';

const test = suite('parse-command');

const OPTIONS = defineOptions({
  tty: { type: 'switch', short: 't', help: '' },
  interactive: { type: 'switch', short: 'i', help: '' },
  proxy: { type: 'switch', on: true, help: '' },
  memory: { type: 'text', short: 'm', value: 'BYTES', help: '' },
  env: { type: 'list', short: 'e', value: 'NAME', help: '' },
});
const MOMENTS = defineOptions({ at: { type: 'text', value: 'MOMENT', help: '' }, name: { type: 'text', value: 'NAME', help: '' } });

test('given a moment without a zone, when parsed, then it has one, and no other value changes', () => {
  const [time, seconds] = ['2026-01-31T10:00:05', new Date(2026, 0, 31, 10, 0, 5).toISOString().replace('.000', '')];
  assert.equal(parseCommand(MOMENTS, ['--at', time, '--name', time], false).flags, { at: seconds, name: time });
  assert.equal(parseCommand(MOMENTS, ['--at', '10m'], false).flags, { at: '10m', name: undefined });
});

test('given no flags, when parsed, then each has its absent value', () => {
  assert.equal(parseCommand(OPTIONS, [], false).flags, { tty: false, interactive: false, proxy: true, memory: undefined, env: [] });
});

test('given flags as people write them, when parsed, then each is understood', () => {
  const { flags, args } = parseCommand(
    OPTIONS,
    ['-itm', '-1', '-eA=1', '-e', 'B', '--env=C=d=e', '--proxy=false', 'x', '-t=false', '--', '-y'],
    false,
  );
  assert.equal(flags, { tty: false, interactive: true, proxy: false, memory: '-1', env: ['A=1', 'B', 'C=d=e'] });
  assert.equal(args, ['x', '-y']);
});

test('given a command of its own, when parsed, then what follows the first argument is left alone', () => {
  const { flags, args } = parseCommand(OPTIONS, ['-t', 'image', '-i', '--nope', '--help'], true);
  assert.equal([flags['tty'], flags['interactive']], [true, false]);
  assert.equal(args, ['image', '-i', '--nope', '--help']);
});

test('given --help anywhere before that, when parsed, then it asks for help', () => {
  assert.ok(parseCommand(OPTIONS, ['-t', '--help'], true).help);
  assert.ok(parseCommand(OPTIONS, ['-h'], false).help);
});

test('given names of Object, when used as options, then they are unknown like others', () => {
  assert.throws(() => parseCommand(OPTIONS, ['--constructor'], false), /unknown option --constructor/);
  assert.throws(() => parseCommand(OPTIONS, ['-tx'], false), /unknown option -x in -tx/);
});

test.run();
