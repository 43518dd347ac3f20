import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { goFileMode, pathStatHeader } from './path-stat.ts';

test('given modes of the kernel, when they are told, then they are those of Go', () => {
  const cases: readonly (readonly [mode: number, go: number])[] = [
    [0o100644, 0o644],
    [0o040755, 0x8000_01ed],
    [0o120777, 0x0800_01ff],
    [0o104755, 0x0080_01ed],
    [0o102755, 0x0040_01ed],
    [0o041777, 0x8010_01ff],
    [0o020666, 0x0420_01b6],
    [0o060660, 0x0400_01b0],
    [0o010600, 0x0200_0180],
    [0o140700, 0x0100_01c0],
  ];
  for (const [mode, go] of cases) assert.is(goFileMode(mode), go, mode.toString(8));
});

test('given a stat, when it becomes a header, then that is JSON in base64', () => {
  const header = pathStatHeader({ name: 'ü', size: 5, mode: 0o100600, modifiedAt: '1767225600123456789', linkTarget: '' });
  assert.equal(JSON.parse(Buffer.from(header, 'base64').toString('utf8')), {
    name: 'ü',
    size: 5,
    mode: 0o600,
    mtime: '2026-01-01T00:00:00.123456789Z',
    linkTarget: '',
  });
});

test.run();
