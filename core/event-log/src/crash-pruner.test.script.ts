// Appends to the log in the given directory, seals and prunes it until it is killed, events numbered from the given number on.
import { pruneUntilKilled } from '@shiplog/conformance/event-log';
import { openLevelLog } from './disk/level-log.ts';
import { IDENTITY } from './samples.test.util.ts';

const [directory = '', from = '0'] = process.argv.slice(2);
await pruneUntilKilled(await openLevelLog({ ...IDENTITY, directory }), Number(from));
