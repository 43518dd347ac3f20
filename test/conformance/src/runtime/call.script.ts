// Makes one call of a runtime driver and waits to be killed: node call.script.js DRIVER CALL, both as JSON.
import type { PluginDefinition } from '@shiplog/driver-kit';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { realKernel } from '../real-kernel.ts';
import { runtimeOf } from './fixture.ts';
import { makeCall } from './kill-after.ts';

const [, , driver = '', call = ''] = process.argv;
const { module, name, ...home }: { readonly module: string; readonly name: string; readonly stateDir: string; readonly runDir: string } =
  JSON.parse(driver);
const { default: plugin }: { readonly default: PluginDefinition } = await import(module);
await makeCall(instantiate(runtimeOf(plugin, name), createTestServices({ kernel: await realKernel(), ...home })).driver, call);
