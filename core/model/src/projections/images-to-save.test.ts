import { type ErrorCode, type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imagesToSave } from './images-to-save.ts';

const test = suite('images to save');

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;
const PINNED = `web@${id('9')}`;

function image(digit: string, tags: readonly string[], repoDigests: readonly string[] = []): ImageRecord {
  return { id: id(digit), tags, repoDigests, os: 'linux', architecture: 'arm64', variant: 'v8' } as unknown as ImageRecord;
}

const IMAGES = [image('1', ['web:2', 'web:1', 'host.example:5000/web:1'], [PINNED]), image('2', ['web:3']), image('a', [])];
const view = { images: new Map(IMAGES.map((one) => [one.id, one])) };

/** By the first digit of the id. */
const saved = (...names: readonly string[]): unknown => imagesToSave(view, names).map(({ manifest, tags }) => [manifest.id[7], tags]);

function codeOf(work: () => unknown): ErrorCode | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  return undefined;
}

test('given names, ids and digests, when they are to be saved, then tags are those that were asked for', () => {
  assert.equal(saved('web:2'), [['1', ['web:2']]]);
  assert.equal(saved('web'), [
    ['1', ['web:1', 'web:2']],
    ['2', ['web:3']],
  ]);
  assert.equal(saved('docker.io/library/web:3', 'web:1', 'web:2', id('1')), [
    ['2', ['web:3']],
    ['1', ['web:1', 'web:2']],
  ]);
  for (const byId of ['aaaaaaaaaaaa', id('a'), 'a'.repeat(64), id('a').slice(0, 20)]) assert.equal(saved(byId), [['a', []]]);
  assert.equal(saved(PINNED), [['1', []]]);
  assert.is(imagesToSave(view, ['web'])[0]?.ref, 'web');
});

test('given what is not there, or for another platform, when it is to be saved, then it is refused', () => {
  assert.is(
    codeOf(() => saved('web:2', 'nobody')),
    'IMAGE_NOT_FOUND',
  );
  assert.is(
    codeOf(() => saved('Not A Name')),
    'IMAGE_NOT_FOUND',
  );
  assert.is(
    codeOf(() => saved()),
    'REQUEST_INVALID',
  );
  assert.is(
    codeOf(() => imagesToSave(view, ['web:2'], { os: 'linux', architecture: 'amd64' })),
    'IMAGE_NOT_FOUND',
  );
  assert.is(imagesToSave(view, ['web:2'], { os: 'linux', architecture: 'arm64' }).length, 1);
});

test.run();
