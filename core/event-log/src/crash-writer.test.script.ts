// Appends to the log in the given directory until it is killed, events numbered from the given number on.
import { appendUntilKilled } from '@shiplog/conformance/event-log';
import { openLevelLog } from './disk/level-log.ts';
import { IDENTITY } from './samples.test.util.ts';

const [directory = '', from = '0'] = process.argv.slice(2);
await appendUntilKilled(await openLevelLog({ ...IDENTITY, directory }), Number(from));
