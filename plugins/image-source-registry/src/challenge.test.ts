import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readChallenges } from './challenge.ts';

const test = suite('challenges');

for (const [header, then] of [
  ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [['bearer', { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' }]],
  ],
  [
    'Negotiate, Basic realm=plain',
    [
      ['negotiate', {}],
      ['basic', { realm: 'plain' }],
    ],
  ],
  [
    'Bearer realm="a \\"quoted\\" one", error = "invalid_token" , Basic realm="x"',
    [
      ['bearer', { realm: 'a "quoted" one', error: 'invalid_token' }],
      ['basic', { realm: 'x' }],
    ],
  ],
  ['Bearer REALM="https://h/"', [['bearer', { realm: 'https://h/' }]]],
  ['', []],
  ['"', []],
  ['Bearer realm="never ends', [['bearer', {}]]],
] as const)
  test(`given ${JSON.stringify(header)}, when it is read, then it is its schemes and parameters`, () => {
    assert.equal(
      readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
      then,
    );
  });

test('given a header without end, when it is read, then that takes no time', () => {
  const began = performance.now();
  for (const piece of ['a=', '"', 'a ', 'a="\\', ',', 'a = "b",']) readChallenges(`Bearer ${piece.repeat(100_000)}`);
  assert.ok(performance.now() - began < 10_000);
});

test.run();
