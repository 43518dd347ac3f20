// time limit: 600 s
import { suite } from 'uvu';
import { driverFixture, storageSuite } from '@shiplog/conformance/storage';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';

const kernel = createKernel();
const test = suite('storage-vfs: conformance');
storageSuite({ test: reported(test, 'storage/vfs', 'storage'), factory: () => driverFixture({ plugin, kernel }, 'vfs') });
test.run();
