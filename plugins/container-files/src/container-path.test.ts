import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { containerPath } from './container-path.ts';

test('given paths as clients ask for them, when they are read, then they are what Docker takes them for', () => {
  const cases: readonly (readonly [asked: string, path: string, name: string, directory: boolean])[] = [
    ['/etc/passwd', '/etc/passwd', 'passwd', false],
    ['etc/passwd', '/etc/passwd', 'passwd', false],
    ['/etc/', '/etc', 'etc', true],
    ['/etc//', '/etc', 'etc', true],
    ['/etc/.', '/etc', '.', true],
    ['/etc/./passwd', '/etc/passwd', 'passwd', false],
    ['/a/../etc', '/etc', 'etc', false],
    ['../../etc', '/etc', 'etc', false],
    ['/', '/', '/', true],
    ['.', '/', '/', true],
    ['/..', '/', '/', true],
    ['/a b/ü', '/a b/ü', 'ü', false],
  ];
  for (const [asked, path, name, directory] of cases) assert.equal(containerPath(asked), { path, name, directory }, asked);
});

test('given no path, or a zero byte in one, when it is read, then it is refused', () => {
  for (const asked of ['', '/a\0b']) {
    assert.throws(
      () => containerPath(asked),
      (error: unknown) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID',
    );
  }
});

test.run();
