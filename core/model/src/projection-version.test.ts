import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { canonicalState } from './canonical-state.ts';
import { evolve } from './evolve.ts';
import { PROJECTION_VERSION } from './projection-version.ts';
import { createState } from './state.ts';

const test = suite('PROJECTION_VERSION');

/**
 * What each version makes of golden/events.jsonl.zst, which no change may touch. Version 2 tells which containers are to be started again, and
 * no container there has a restart policy.
 */
const HASHES: readonly string[] = [
  '',
  'f0a5ff81019d7734891b8f42bd65d1cd5f0aeb96e2f1aaaaac497b90a191cb8e',
  'f0a5ff81019d7734891b8f42bd65d1cd5f0aeb96e2f1aaaaac497b90a191cb8e',
];

test('given events of long ago, when folded, then the state is what this projection version says it is', () => {
  const text = zstdDecompressSync(readFileSync(new URL('../golden/events.jsonl.zst', import.meta.url))).toString();
  const events = text.split('\n').map((line): ShiplogEvent => JSON.parse(line));
  assert.is(events.length, 1500);
  const state = createState();
  for (const event of events) evolve(state, event);
  const help = 'evolve makes another state of the same events: raise PROJECTION_VERSION, and add the new hash to this list';
  assert.is(hash('sha256', canonicalState(state)), HASHES[PROJECTION_VERSION], help);
});

test.run();
