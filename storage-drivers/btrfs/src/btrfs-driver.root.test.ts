// time limit: 240 s
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import { btrfsImage, reported } from '@shiplog/test-support';
import { btrfsFixture } from './fixture.test.util.ts';

const disk = await btrfsImage();
const test = suite('storage-btrfs: conformance');
storageSuite({ test: reported(test, 'storage/btrfs', 'storage'), quotas: true, factory: () => btrfsFixture({ below: disk.path }) });
test.after(() => disk.cleanup());
test.run();
