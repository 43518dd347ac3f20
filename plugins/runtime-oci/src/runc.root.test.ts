// time limit: 1400 s
import { suite } from 'uvu';
import { runtimeSuite } from '@shiplog/conformance/runtime';
import { reported, sampled } from '@shiplog/test-support';
import { fixture } from './testing/fixture.ts';

const test = suite('runtime-oci: conformance with runc');

runtimeSuite({ test: reported(test, 'runtime/runc', 'runtime'), factory: () => fixture('runc'), every: sampled(6) });

test.run();
