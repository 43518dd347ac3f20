import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signalName, signalNumber } from './signals.ts';

const test = suite('signals');

test('given names and numbers in any usual spelling, when read, then they are numbers', () => {
  for (const [text, number] of [
    ['SIGTERM', 15],
    ['term', 15],
    ['15', 15],
    ['KILL', 9],
    ['SIGPOLL', 29],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
    ['64', 64],
  ] as const) {
    assert.is(signalNumber(text), number);
  }
});

test('given what is no signal, when read, then it is refused', () => {
  for (const text of ['', '0', '65', 'NOPE', 'SIG', 'RTMIN+31', 'RTMAX+1', 'constructor', '-9', '9.5']) {
    assert.throws(
      () => signalNumber(text),
      (error: Error) => error.message === `invalid signal: ${text}`,
    );
  }
});

test('given a number, when named, then reading the name gives it back', () => {
  for (let number = 1; number <= 64; number++) {
    if (number === 32 || number === 33) assert.throws(() => signalName(number));
    else assert.is(signalNumber(signalName(number)), number);
  }
});

test.run();
