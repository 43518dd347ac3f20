// time limit: 240 s
import { suite } from 'uvu';
import { provePlugin } from '@shiplog/conformance/prove';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';

const test = suite('volume-local: conformance');
const counted = reported(test, 'volume/local', 'volume');
await provePlugin({
  // Its other kits report beside it, or for all plugins.
  test: (name, body) => (name.startsWith('crash of ') ? counted : test)(name, body),
  plugin,
  module: new URL('./index.js', import.meta.url).href,
  kernel: createKernel(),
});
test.run();
