import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyArgument, meansContent, meansDirectory } from './copy-argument.ts';

test('given both sides of a copy, when they are read, then containers and paths are told apart as docker does', () => {
  assert.equal(copyArgument('-'), { kind: 'stream' });
  assert.equal(copyArgument('web:/etc'), { kind: 'container', container: 'web', path: '/etc' });
  assert.equal(copyArgument('web:etc:x'), { kind: 'container', container: 'web', path: 'etc:x' });
  assert.equal(copyArgument('web:'), { kind: 'container', container: 'web', path: '/' });
  for (const path of ['/a:b', './a:b', '../a:b', 'plain', ':x']) assert.equal(copyArgument(path), { kind: 'local', path });
});

test('given paths, when their ends are read, then they say what is meant', () => {
  assert.equal(['a', 'a/', 'a/.', '.', 'a.'].map(meansContent), [false, false, true, true, false]);
  assert.equal(['a', 'a/', 'a/.', '.', 'a.'].map(meansDirectory), [false, true, true, true, false]);
});

test.run();
