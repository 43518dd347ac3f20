// Has the log in the given directory open, until it is told to append once more and close.
import { openLevelLog } from '../disk/level-log.ts';
import { IDENTITY, samples } from '../samples.test.util.ts';

const [directory = ''] = process.argv.slice(2);
const log = await openLevelLog({ ...IDENTITY, directory });
process.send?.('open');
process.once('message', () => void end());

async function end(): Promise<void> {
  await log.append(samples(0, 40)).durable;
  await log.close();
  process.disconnect?.();
}
