// Makes one call of a runtime driver and waits to be killed: node call.script.js DRIVER CALL, both as JSON.
import { realKernel } from '../real-kernel.ts';
import { driverOf, type Home } from './driver-of.ts';
import { makeCall } from './kill-after.ts';

const [, , driver = '', call = ''] = process.argv;
await makeCall(await driverOf(JSON.parse(driver) as Home, await realKernel()), call);
