import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dockerignore } from './dockerignore.ts';
import { matcherOf } from './path-pattern.ts';

const test = suite('what is ignored');

test('given patterns, when paths are matched, then stars stay within a name and double stars do not', () => {
  const cases: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
    ['*.txt', 'a.txt', true],
    ['*.txt', 'd/a.txt', false],
    ['d/*/c', 'd/b/c', true],
    ['d/*/c', 'd/b/b/c', false],
    ['**/c', 'c', true],
    ['**/c', 'a/b/c', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'b', false],
    ['a/**', 'a', false],
    ['**', 'a/b', true],
    ['a/**/b/**/c', 'a/x/b/y/z/c', true],
    ['a/**/b/**/c', 'a/x/y/c', false],
    ['*a*b', 'xaxbab', true],
    ['h?t', 'hat', true],
    ['h?t', 'h/t', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['a.b', 'aXb', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a+(b)', 'a+(b)', true],
  ];
  for (const [pattern, path, matches] of cases) assert.is(matcherOf(pattern)(path), matches, `${pattern} ${path}`);
});

test('given patterns that are made to take long, when paths are matched, then it is done at once', () => {
  const [names, deep] = [`${'*a'.repeat(2000)}*b`, `${'**/a/'.repeat(300)}b`];
  assert.not(matcherOf(names)('a'.repeat(4000)));
  assert.not(matcherOf(deep)('a/'.repeat(2000)));
});

test('given a .dockerignore, when paths are asked for, then the last line that fits counts, for what is beneath it too', () => {
  const { ignores } = dockerignore('# comment\n\n*.log\n/node_modules/\n!keep.log\n**/secret\nd\n!d/in\nDockerfile', ['Dockerfile']);
  for (const path of ['a.log', 'node_modules', 'node_modules/x/y', 'a/b/secret', 'd', 'd/out']) assert.ok(ignores(path), path);
  for (const path of ['keep.log', 'sub/a.log', 'x', 'd/in', 'Dockerfile', 'secrets']) assert.not(ignores(path), path);
});

test('given exceptions, when ignored directories are asked for, then those are walked in which one may fit, and no other', () => {
  const { reaches } = dockerignore('*\n!src/*/main.js\n!**/README', ['build/Dockerfile']);
  for (const directory of ['src', 'src/a', 'anything', 'a/b', 'build']) assert.ok(reaches(directory), directory);
  const bounded = dockerignore('*\n!src/*/main.js\n!lib', ['build/Dockerfile']);
  for (const directory of ['src', 'src/a', 'build']) assert.ok(bounded.reaches(directory), directory);
  for (const directory of ['node_modules', 'src/a/b', 'builds', '.git']) assert.not(bounded.reaches(directory), directory);
  assert.not(dockerignore('node_modules').reaches('node_modules'));
});

test.run();
