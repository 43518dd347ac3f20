// time limit: 2400 s
// runs alone
import { suite } from 'uvu';
import { runGuest, unproven } from './run-guest.ts';

/** Before the runner kills this file, so that the failure says where the console's output is. */
const LIMIT_MS = 2_370_000;

if (process.arch === 'x64') {
  // Every test in the guest counts as one of this file: the last line is the summary of the runner inside.
  process.exitCode = await runGuest(await unproven(), LIMIT_MS, (line) => console.log(line));
} else {
  const test = suite('guest');
  test.skip('tests in the guest', () => undefined);
  console.log(`SKIP the guest's kernel is for x86_64, and this is ${process.arch}`);
  test.run();
}
