import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BuildStep, ImageRunConfig } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { createdByOf, stepConfigOf } from '@shiplog/oci';
import { BuildArgs } from './build-args.ts';
import { parseDockerfile } from './dockerfile.ts';
import { metadataStep } from './metadata.ts';

const test = suite('instructions that run nothing');

const NOP = '/bin/sh -c #(nop) ';

function stepOf(
  line: string,
  config: ImageRunConfig = {},
  args: readonly (readonly [string, string])[] = [],
  hasCommand = false,
): BuildStep {
  const step = metadataStep(parseDockerfile(line)[0]!, { config, args: new Map(args), hasCommand });
  if (step === undefined) throw new Error(`${line} changes more than the configuration`);
  return step;
}

test('given instructions, when they are read, then configuration and history are as Docker’s', () => {
  const cases: readonly (readonly [line: string, before: ImageRunConfig, after: ImageRunConfig, createdBy: string])[] = [
    ['ENV A=b C="d e" F=$P', { Env: ['P=p', 'A=x'] }, { Env: ['P=p', 'A=b', 'C=d e', 'F=p'] }, `${NOP} ENV A=b C=d e F=p`],
    ['ENV A the rest', {}, { Env: ['A=the rest'] }, `${NOP} ENV A=the rest`],
    ['LABEL a=1 "b c"=2', { Labels: { a: '0' } }, { Labels: { a: '1', 'b c': '2' } }, `${NOP} LABEL a=1 b c=2`],
    ['CMD ["a", "b c"]', { Cmd: ['x'] }, { Cmd: ['a', 'b c'] }, `${NOP} CMD ["a" "b c"]`],
    [
      'CMD echo $A',
      { Shell: ['/bin/ash', '-c'] },
      { Shell: ['/bin/ash', '-c'], Cmd: ['/bin/ash', '-c', 'echo $A'] },
      '/bin/ash -c #(nop)  CMD ["/bin/ash" "-c" "echo $A"]',
    ],
    ['ENTRYPOINT ["i"]', { Cmd: ['old'] }, { Entrypoint: ['i'], Cmd: null }, `${NOP} ENTRYPOINT ["i"]`],
    ['EXPOSE 80 53/udp', {}, { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }, `${NOP} EXPOSE 80 53/udp`],
    ['VOLUME ["/a b"]', {}, { Volumes: { '/a b': {} } }, `${NOP} VOLUME [/a b]`],
    ['USER ${U:-me}', {}, { User: 'me' }, `${NOP} USER me`],
    ['STOPSIGNAL SIGUSR1', {}, { StopSignal: 'SIGUSR1' }, `${NOP} STOPSIGNAL SIGUSR1`],
    ['SHELL ["/bin/ash", "-c"]', {}, { Shell: ['/bin/ash', '-c'] }, `${NOP} SHELL [/bin/ash -c]`],
    ['ONBUILD RUN x', {}, { OnBuild: ['RUN x'] }, `${NOP} ONBUILD RUN x`],
    [
      'HEALTHCHECK --interval=1m30s --retries=2 CMD wget $X',
      {},
      { Healthcheck: { Test: ['CMD-SHELL', 'wget $X'], Interval: 90e9, Retries: 2 } },
      `${NOP} HEALTHCHECK --interval=1m30s --retries=2 CMD wget $X`,
    ],
    ['HEALTHCHECK NONE', {}, { Healthcheck: { Test: ['NONE'] } }, `${NOP} HEALTHCHECK NONE`],
  ];
  for (const [line, before, after, createdBy] of cases) {
    const step = stepOf(line, before);
    assert.equal(stepConfigOf(step, before), after, line);
    assert.is(createdByOf(step), createdBy);
  }
});

test('given a CMD of the same stage, when an ENTRYPOINT follows, then it stays', () => {
  assert.equal(stepOf('ENTRYPOINT ["i"]', { Cmd: ['mine'] }, [], true).config, { Entrypoint: ['i'] });
});

test('given instructions that are wrong, when they are read, then they are refused', async () => {
  for (const line of ['SHELL /bin/sh', 'HEALTHCHECK RUN x', 'HEALTHCHECK CMD', 'HEALTHCHECK --interval=5x CMD x', 'VOLUME [""]'])
    assert.is(await codeOf(Promise.resolve(line).then((one) => stepOf(one))), 'BUILD_INVALID', line);
  for (const line of ['ENV A', 'EXPOSE x', 'USER a b', 'ONBUILD FROM x', 'LABEL "a', 'USER ${X'])
    assert.is(await codeOf(Promise.resolve(line).then((one) => stepOf(one))), 'REQUEST_INVALID', line);
});

test('given build arguments, when stages declare them, then each sees its own, and a variable hides one', () => {
  const args = new BuildArgs({ A: 'given', B: null, http_proxy: 'p', NOBODY: 'x' });
  const [global, own, plain, other] = parseDockerfile('ARG V=1\nARG A=default\nARG V\nARG C=${A}-c');
  args.declareGlobal(global!);
  args.beginStage();
  assert.is(args.declare(own!, new Map()), 'A=default');
  assert.is(args.declare(plain!, new Map()), 'V');
  assert.is(args.declare(other!, new Map()), 'C=given-c');
  assert.equal(
    [...args.variables],
    [
      ['A', 'given'],
      ['V', '1'],
      ['C', 'given-c'],
    ],
  );
  assert.equal(args.commandEnv(new Map([['V', 'hidden']])), {
    env: ['A=given', 'C=given-c', 'http_proxy=p'],
    counted: ['A=given', 'C=given-c'],
  });
  args.beginStage();
  assert.equal([...args.variables], []);
  assert.equal(args.unused, ['B', 'NOBODY']);
});

test.run();
