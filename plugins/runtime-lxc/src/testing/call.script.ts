// Makes one call of a driver and waits to be killed: node call.script.js HOME CALL
import { makeCall } from '@shiplog/conformance/runtime';
import { construct } from './fixture.ts';

const [, , home = '', call = ''] = process.argv;
await makeCall(construct(home), call);
