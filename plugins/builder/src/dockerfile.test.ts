import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { parseDockerfile } from './dockerfile.ts';
import { planOf } from './stages.ts';

const test = suite('dockerfiles');

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { code, message } = ShiplogError.wrap(error);
    assert.is(code, 'BUILD_INVALID', message);
    return message;
  }
  throw new Error('it was read');
}

test('given comments, continued lines and flags, when a Dockerfile is read, then its instructions are whole', () => {
  const source = [
    '# a comment',
    'from --platform=linux/amd64 busybox AS one',
    '',
    'RUN echo a \\',
    '   # within',
    '',
    '  && echo b',
    'COPY --from=one --chown=1:2 a "b c" /d/',
    'CMD',
    'RUN --version=1 is no flag of mine',
  ];
  assert.equal(
    parseDockerfile(source.slice(0, -1).join('\r\n')).map(({ keyword, flags, rest, line }) => [keyword, [...flags], rest, line]),
    [
      ['FROM', [['platform', 'linux/amd64']], 'busybox AS one', 2],
      ['RUN', [], 'echo a   && echo b', 4],
      [
        'COPY',
        [
          ['from', 'one'],
          ['chown', '1:2'],
        ],
        'a "b c" /d/',
        8,
      ],
      ['CMD', [], '', 9],
    ],
  );
  assert.match(
    messageOf(() => parseDockerfile(source.join('\n'))),
    'line 10: unknown flag: version',
  );
});

test('given an escape directive, when a Dockerfile is read, then lines go on where it says', () => {
  assert.is(
    parseDockerfile('# escape=`\nFROM x\nRUN a `\n b\\\nUSER y')
      .map(({ rest }) => rest)
      .join('|'),
    'x|a  b\\|y',
  );
  // Only at the top it is one.
  assert.is(parseDockerfile('FROM x\n# escape=`\nRUN a \\\n b').at(-1)?.rest, 'a  b');
  assert.match(
    messageOf(() => parseDockerfile('# escape=x\nFROM x')),
    'invalid ESCAPE',
  );
});

test('given Dockerfiles that are wrong, when they are read, then the message says where and what', () => {
  const cases: readonly (readonly [source: string, message: string])[] = [
    ['', 'cannot be empty'],
    ['# nothing\n\n', 'cannot be empty'],
    ['FROM x\nRUM y', 'dockerfile parse error line 2: unknown instruction: RUM'],
    ['FROM x\nRUN <<EOF\necho\nEOF', 'line 3: unknown instruction: ECHO (heredocs are a part of BuildKit'],
    ['FROM x\nRUN --mount=type=cache,target=/c make', 'line 2: the --mount option requires BuildKit'],
    ['FROM x\nCOPY --chmod=600 a b', 'line 2: the --chmod option requires BuildKit'],
    ['FROM x\nCOPY --from=a --from=b c d', 'line 2: duplicate flag specified: from'],
    ['FROM x\nENV', 'line 2: ENV requires at least one argument'],
    ['RUN x', 'line 1: no build stage in current context'],
    ['ARG x', 'no build stage in current context'],
    ['FROM x AS', 'line 1: FROM requires either one or three arguments'],
    ['FROM x AS 1a', 'line 1: invalid name for build stage: "1a"'],
  ];
  for (const [source, message] of cases) assert.ok(messageOf(() => planOf(parseDockerfile(source))).includes(message), source);
});

test('given stages, when one is wanted by name or number, then what comes behind it is left out', () => {
  const instructions = parseDockerfile('ARG A\nFROM x AS One\nRUN 1\nFROM y\nRUN 2\nFROM z AS three\nRUN 3');
  const bases = (target?: string): string =>
    planOf(instructions, target)
      .stages.map(({ base, name }) => `${base}:${name}`)
      .join(' ');
  assert.is(bases(), 'x:one y: z:three');
  assert.is(bases('ONE'), 'x:one');
  assert.is(bases('1'), 'x:one y:');
  assert.match(
    messageOf(() => planOf(instructions, 'four')),
    'failed to reach build target four',
  );
});

test.run();
