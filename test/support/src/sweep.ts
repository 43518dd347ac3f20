// Takes away what test runs left that were killed: node test/support/dist/sweep.js
import { sweep } from './sweep/sweep.ts';

await sweep((line) => console.log(line));
