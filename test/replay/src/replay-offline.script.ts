// Folds, decides anew and simulates a log: as nobody, if root runs it. `node replay-offline.script.js LOG`.
import { fold, readRecording, readSource, redecide, simulate } from '@shiplog/replay';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('which log?');
if (process.getuid?.() === 0) {
  process.setgroups?.([65_534]);
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
const { seq, hash } = await fold(readSource(path));
const { commands, differences } = await redecide(readSource(path), () => undefined);
const { events } = await simulate(await readRecording(readSource(path)));
process.stdout.write(`${JSON.stringify({ seq, hash, commands, differences, simulated: events.length, uid: process.getuid?.() })}\n`);
