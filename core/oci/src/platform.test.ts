import { ShiplogError } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePlatform } from './platform.ts';

const test = suite('platform');

for (const [text, os, architecture, variant] of [
  ['linux/amd64', 'linux', 'amd64', undefined],
  ['Linux/x86_64', 'linux', 'amd64', undefined],
  ['linux/arm64/v8', 'linux', 'arm64', 'v8'],
  ['aarch64', 'linux', 'arm64', undefined],
  ['armhf', 'linux', 'arm', 'v7'],
  ['windows/amd64', 'windows', 'amd64', undefined],
] as const)
  test(`given ${text}, when it is read, then it is that platform in Go's words`, () => {
    assert.equal(parsePlatform(text), { os, architecture, ...(variant === undefined ? {} : { variant }) });
  });

for (const text of ['', 'linux', 'linux/', '/amd64', 'linux/amd64/v1/v2', 'linux/a b', 'linux/arm64/', '../x'])
  test(`given ${JSON.stringify(text)}, when it is read, then it is refused`, () => {
    assert.throws(
      () => parsePlatform(text),
      (error: unknown) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID',
    );
  });

test.run();
