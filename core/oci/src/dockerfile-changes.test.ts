import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { applyChanges, type ChangedConfig } from './dockerfile-changes.ts';

const test = suite('dockerfile changes');

const cases: readonly (readonly [change: string | readonly string[], config: ChangedConfig])[] = [
  ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
  ['cmd echo "hi"  there', { Cmd: ['/bin/sh', '-c', 'echo "hi"  there'] }],
  ['CMD [ -f /x ] && echo', { Cmd: ['/bin/sh', '-c', '[ -f /x ] && echo'] }],
  ['ENTRYPOINT ["/init"]', { Entrypoint: ['/init'] }],
  ['ENTRYPOINT exec /init', { Entrypoint: ['/bin/sh', '-c', 'exec /init'] }],
  ['ENV A=1 B="two words" C=\'$A\' D=a\\ b', { Env: ['A=1', 'B=two words', 'C=$A', 'D=a b'] }],
  ['ENV A hello "quoted" = world', { Env: ['A=hello quoted = world'] }],
  [['ENV A=1', 'ENV A=2 B=${A}x', 'ENV C=$B${D:-d}${A:+set}'], { Env: ['A=2', 'B=1x', 'C=1xdset'] }],
  ['EXPOSE 80 53/UDP 8000-8002', { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } }],
  [['LABEL a=1', 'LABEL "b c"="d e" a=2'], { Labels: { a: '2', 'b c': 'd e' } }],
  ['USER nobody:nogroup', { User: 'nobody:nogroup' }],
  ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
  ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
  [['WORKDIR /srv', 'WORKDIR app/../data'], { WorkingDir: '/srv/data' }],
  ['WORKDIR relative', { WorkingDir: '/relative' }],
  ['WORKDIR /../../etc', { WorkingDir: '/etc' }],
  ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
  [['ONBUILD RUN a', 'ONBUILD COPY . .'], { OnBuild: ['RUN a', 'COPY . .'] }],
  [['', '  '], {}],
];
for (const [changes, then] of cases) {
  test(`given ${JSON.stringify(changes)}, when it is applied, then the config says so`, () => {
    assert.equal(applyChanges({}, typeof changes === 'string' ? [changes] : changes), then);
  });
}

const refused = [
  'RUN true',
  'HEALTHCHECK NONE',
  'CMD',
  'ENV A',
  'ENV =1',
  'ENV A="open',
  'ENV A=${open',
  'EXPOSE 0',
  'EXPOSE 99999',
  'EXPOSE 9-8',
  'EXPOSE 80/icmp',
  'USER a b',
  'ONBUILD ONBUILD RUN x',
  'ONBUILD FROM x',
  '!',
];
for (const change of refused) {
  test(`given ${change}, when it is applied, then it is refused`, () => {
    try {
      applyChanges({}, [change]);
    } catch (error) {
      assert.ok(error instanceof ShiplogError && error.code === 'REQUEST_INVALID');
      return;
    }
    assert.unreachable();
  });
}

test.run();
