import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withOperatorRules } from '@shiplog/engine';
import { redactingLogger } from './redacting-logger.ts';

const test = suite('redacting-logger');

test('given secrets in a message, in facts and in an error, when they are logged, then the lines have none and keep the rest', () => {
  const lines: string[] = [];
  const note = (message: string, facts?: object): void => void lines.push(`${message} ${JSON.stringify(facts)}`);
  const logger = redactingLogger({ debug: note, info: note, warn: note, error: note }, withOperatorRules({ patterns: ['ACME\\d+'] }));
  logger.info('pull https://u:canary@h', { argv: ['--password=canary', 'ACME42'], n: 1, error: new Error('TOKEN=canary failed') });
  logger.error('plain');
  assert.not.match(lines.join('\n'), /canary|ACME42/);
  assert.match(
    lines[0] ?? '',
    'pull https://[redacted]@h {"argv":["--password=[redacted]","[redacted]"],"n":1,"error":"Error: TOKEN=[redacted] failed',
  );
  assert.is(lines[1], 'plain undefined');
});

test.run();
