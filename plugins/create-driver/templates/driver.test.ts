import test from 'node:test';
import { provePlugin } from '@shiplog/conformance/prove';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './plugin.ts';

await provePlugin({ test, plugin, module: new URL('./plugin.ts', import.meta.url).href, kernel: createKernel() });
