// time limit: 240 s
import { suite } from 'uvu';
import { provePlugin } from '@shiplog/conformance/prove';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const test = suite('volume-local: conformance');
await provePlugin({ test, plugin, module: new URL('./index.js', import.meta.url).href, kernel: createKernel() });
test.run();
