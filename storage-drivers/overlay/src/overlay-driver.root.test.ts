// time limit: 600 s
import { suite } from 'uvu';
import { driverFixture, storageSuite } from '@shiplog/conformance/storage';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';

const kernel = createKernel();
const test = suite('storage-overlay: conformance');
storageSuite({ test: reported(test, 'storage/overlay', 'storage'), factory: () => driverFixture({ plugin, kernel }, 'overlay') });
test.run();
