// Tests in the guest: node test/guest/dist/main.js [part of a path…]
import { runGuest, USUAL } from './run-guest.ts';

const LIMIT_MS = 20 * 60_000;

const patterns = process.argv.length > 2 ? process.argv.slice(2) : USUAL;
const odd = patterns.find((pattern) => !/^[\w./-]+$/.test(pattern));
if (odd !== undefined) {
  console.error(`'${odd}' is no part of a test's path: letters, digits, dots, dashes and slashes`);
  process.exit(2);
}
process.exitCode = await runGuest(patterns, LIMIT_MS, (line) => console.log(line));
