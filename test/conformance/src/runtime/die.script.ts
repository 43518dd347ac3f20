// Makes calls of a runtime driver and dies in the last one: node die.script.js DRIVER CALLS, both as JSON.
import { dieHere } from '../crash/last-calls.ts';
import { realKernel } from '../real-kernel.ts';
import { driverOf, type Home } from './driver-of.ts';
import { withSessions } from './session.ts';

const [, , driver = '', calls = ''] = process.argv;
const kernel = await realKernel();
await dieHere<'runtime'>(async () => withSessions(await driverOf(JSON.parse(driver) as Home, kernel)), kernel, JSON.parse(calls));
