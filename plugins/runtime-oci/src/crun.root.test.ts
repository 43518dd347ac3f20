// time limit: 1400 s
import { suite } from 'uvu';
import { runtimeSuite } from '@shiplog/conformance/runtime';
import { reported, sampled } from '@shiplog/test-support';
import { fixture } from './testing/fixture.ts';

const test = suite('runtime-oci: conformance with crun');

runtimeSuite({ test: reported(test, 'runtime/crun', 'runtime'), factory: () => fixture('crun'), every: sampled(6) });

test.run();
