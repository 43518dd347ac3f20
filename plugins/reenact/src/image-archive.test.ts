import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ImageBlobs } from './image-archive.ts';

const test = suite('image archive');

test('given a root without images, when they are looked for, then it is named at once; one that has a store is taken', async () => {
  await using temporary = await temporaryDirectory();
  const error: unknown = await ImageBlobs.at(temporary.path).catch((thrown: unknown) => thrown);
  assert.instance(error, ShiplogError);
  assert.is((error as ShiplogError).code, 'PATH_NOT_FOUND');
  assert.match((error as ShiplogError).message, temporary.path);
  await mkdir(join(temporary.path, 'drivers/image-store/local/blobs/sha256'), { recursive: true });
  assert.equal(await (await ImageBlobs.at(temporary.path)).missing([]), []);
});

test.run();
