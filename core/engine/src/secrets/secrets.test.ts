import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import { type CommandArgs, ShiplogError } from '@shiplog/contracts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { concealArgv, concealMap, concealText } from './conceal.ts';
import { redact } from './redact.ts';
import { DEFAULT_RULES, withOperatorRules } from './rules.ts';

const test = suite('secrets');
const cover = (): string => '[redacted]';

const ARGV: readonly (readonly [given: readonly string[], then: readonly string[]])[] = [
  [
    ['serve', '--password=a b'],
    ['serve', '--password=[redacted]'],
  ],
  [
    ['serve', '--db-password', 'x', '--port', '80'],
    ['serve', '--db-password', '[redacted]', '--port', '80'],
  ],
  [
    ['env', 'API_TOKEN=x', 'run'],
    ['env', 'API_TOKEN=[redacted]', 'run'],
  ],
  [
    ['mysql', '-uroot', '-phunter2', 'db'],
    ['mysql', '-uroot', '-p[redacted]', 'db'],
  ],
  [
    ['/usr/bin/mysqldump', '-phunter2'],
    ['/usr/bin/mysqldump', '-p[redacted]'],
  ],
  [
    ['nc', '-l', '-p', '8080'],
    ['nc', '-l', '-p', '8080'],
  ],
  [
    ['find', '-path', '/x', '-print'],
    ['find', '-path', '/x', '-print'],
  ],
  [
    ['curl', '-u', 'me:pw', 'https://h/'],
    ['curl', '-u', '[redacted]', 'https://h/'],
  ],
  [
    ['curl', 'https://me:pw@h/x?a=1'],
    ['curl', 'https://[redacted]@h/x?a=1'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer abcdefgh12'],
    ['curl', '-H', 'Authorization: Bearer [redacted]'],
  ],
  [
    ['curl', '-H', 'X-Auth-Token: abc'],
    ['curl', '-H', 'X-Auth-Token: [redacted]'],
  ],
  [
    ['wget', 'https://h/x?access_token=abc&b=1'],
    ['wget', 'https://h/x?access_token=[redacted]&b=1'],
  ],
  [
    ['sh', '-c', 'PGPASSWORD=x psql --token y; echo ok'],
    ['sh', '-c', 'PGPASSWORD=[redacted] psql --token [redacted]; echo ok'],
  ],
  [
    ['sh', '-c', `mysql -phunter2 -e "select 1"`],
    ['sh', '-c', `mysql -p[redacted] -e "select 1"`],
  ],
  [
    ['sh', '-c', `curl -d '{"password": "x y"}' h`],
    ['sh', '-c', `curl -d '{"password": "[redacted]"}' h`],
  ],
  [
    ['redis-cli', '-a', 'pw', 'ping'],
    ['redis-cli', '-a', '[redacted]', 'ping'],
  ],
  [
    ['docker', 'login', '-u', 'me', '-p', 'pw'],
    ['docker', 'login', '-u', 'me', '-p', '[redacted]'],
  ],
  [
    ['echo', `ghp_${'a'.repeat(36)}`],
    ['echo', '[redacted]'],
  ],
  [
    ['openssl', 'rsa', '-passin', 'pass:x'],
    ['openssl', 'rsa', '-passin', 'pass:[redacted]'],
  ],
  [
    ['sshpass', '-p', 'pw', 'ssh', '-p', '22', 'h'],
    ['sshpass', '-p', '[redacted]', 'ssh', '-p', '22', 'h'],
  ],
  [
    ['mongosh', '-u', 'me', '-p', 'pw', 'db'],
    ['mongosh', '-u', 'me', '-p', '[redacted]', 'db'],
  ],
  [
    ['ldapsearch', '-x', '-D', 'cn=a', '-w', 'pw'],
    ['ldapsearch', '-x', '-D', 'cn=a', '-w', '[redacted]'],
  ],
  [
    ['smbclient', '//h/s', '-U', 'me%pw'],
    ['smbclient', '//h/s', '-U', 'me%[redacted]'],
  ],
  [
    ['sh', '-c', 'openssl enc -aes-256-cbc -k pw && vault login hvs.x'],
    ['sh', '-c', 'openssl enc -aes-256-cbc -k [redacted] && vault login [redacted]'],
  ],
  [
    ['curl', '-b', 'session=abc', 'https://h/'],
    ['curl', '-b', '[redacted]', 'https://h/'],
  ],
  [
    ['curl', '-b', 'jar.txt', 'https://h/'],
    ['curl', '-b', 'jar.txt', 'https://h/'],
  ],
  [
    ['vault', 'login', '-method=ldap'],
    ['vault', 'login', '-method=ldap'],
  ],
  [
    ['server', '--author=me', '--compass', 'north', '--bypass'],
    ['server', '--author=me', '--compass', 'north', '--bypass'],
  ],
  [
    ['sleep', '60', ''],
    ['sleep', '60', ''],
  ],
  [
    ['psql', 'postgres:pw@db/app', '--host=me:pw@10.0.0.1:5432', 'sh', 'a;me:p:w@localhost'],
    ['psql', 'postgres:[redacted]@db/app', '--host=me:[redacted]@10.0.0.1:5432', 'sh', 'a;me:[redacted]@localhost'],
  ],
  [
    ['git', 'clone', 'git@github.com:org/x', 'me@host:/srv/x', 'mailto:me@example.org', 'maintainer:me@example.org', '/data/a:/srv/b@c'],
    ['git', 'clone', 'git@github.com:org/x', 'me@host:/srv/x', 'mailto:me@example.org', 'maintainer:me@example.org', '/data/a:/srv/b@c'],
  ],
  [
    ['npm', 'i', 'a@npm:b@1.2.3', 'b:c@latest', `busybox:1@sha256:${'a'.repeat(64)}`, 'nginx:1.2@sha256:', '10.0.0.1:53@eth0', '12:30@x'],
    ['npm', 'i', 'a@npm:b@1.2.3', 'b:c@latest', `busybox:1@sha256:${'a'.repeat(64)}`, 'nginx:1.2@sha256:', '10.0.0.1:53@eth0', '12:30@x'],
  ],
];

for (const [given, then] of ARGV) {
  test(`given the command line ${JSON.stringify(given)}, when it is concealed, then no secret is left and nothing else is gone`, () => {
    assert.equal(concealArgv(given, DEFAULT_RULES, cover), then);
  });
}

test('given options and labels, when they are concealed, then values of secret names and secrets in texts are covered', () => {
  const given = {
    type: 'cifs',
    o: 'username=u,password=p,uid=3',
    'splunk-token': 't',
    rootPassword: 'x',
    empty: '',
    passwd: '',
    url: 'tcp://u:p@h',
  };
  const then = { type: 'cifs', o: 'username=u,password=[redacted],uid=3', 'splunk-token': '[redacted]', rootPassword: '[redacted]', empty: '', passwd: '', url: 'tcp://[redacted]@h' }; // prettier-ignore
  assert.equal(concealMap(given, DEFAULT_RULES, cover), then);
});

test('given prose, when it is redacted, then it stays readable', () => {
  for (const text of [
    'unauthorized: authentication required',
    'invalid token: expected }',
    'no such secret: web',
    'see https://example.org/a:b',
  ])
    assert.is(redact(text), text);
  assert.is(redact('cannot reach https://u:p@registry/v2/'), 'cannot reach https://[redacted]@registry/v2/');
});

test('given what programs say of something whose name is that of a secret, when it is redacted, then it stays readable, and values do not', () => {
  for (const text of [
    'exec: "pwd": executable file not found in $PATH: unknown',
    'error during container init: exec: "passwd": stat passwd: no such file or directory',
    'exec: "/bin/auth": permission denied',
    'exec: "get-token": exec format error',
    'open "/run/token": No such file or directory',
    'get db-password: no such volume',
    'network my-token: not found',
  ])
    assert.is(redact(text), text);
  for (const [text, clean] of [
    ['exec: "pwd": hunter2', 'exec: "pwd": [redacted]'],
    ['{"pwd": "permission denied"}', '{"pwd": "[redacted]"}'],
    ['"pwd": permission-denied', '"pwd": [redacted]'],
    ['"token":not_found', '"token":[redacted]'],
    ['x-auth-token: permissiondenied', 'x-auth-token: [redacted]'],
    ['"secret": stat hunter2', '"secret": [redacted] hunter2'],
  ] as const)
    assert.is(redact(text), clean);
});

test('given rules of the operator, when texts are concealed, then they count beside the usual ones', () => {
  const rules = withOperatorRules({ names: ['^acme-'], patterns: ['ACME[0-9]{4}', 'pin (?<secret>[0-9]+)'] });
  assert.equal(concealArgv(['--acme-id=7', 'ACME1234', 'pin 99', '--token=x'], rules, cover), ['--acme-id=[redacted]', '[redacted]', 'pin [redacted]', '--token=[redacted]']); // prettier-ignore
  assert.throws(() => withOperatorRules({ names: ['('] }), SyntaxError);
});

test('given a long hostile text, when it is concealed, then it takes no more than linear time', () => {
  const began = process.cpuUsage();
  for (const piece of [
    'a=',
    '-a ',
    '"a":',
    'x://',
    'mysql -',
    'password',
    '-----BEGIN PRIVATE KEY',
    'curl -',
    'docker login ',
    'openssl -k',
    'ldapadd -w',
    'smbclient -U',
    'a:',
    'a:b@',
    'me:x',
  ])
    concealText(piece.repeat(20_000 / piece.length), DEFAULT_RULES, cover);
  for (const words of [['a'], ['--token'], ['mysql', '-px'], ['curl', '-u', 'x']])
    concealArgv(
      Array.from({ length: 100_000 }, (_, index) => words[index % words.length] ?? ''),
      DEFAULT_RULES,
      cover,
    );
  // Of the processor, not of the clock: others may have it meanwhile.
  assert.ok(process.cpuUsage(began).user < 20_000_000);
});

async function withImage() {
  const world = new SimWorld();
  const engine = await simEngine(world, new SimDisk());
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  return { world, engine };
}

test('given secrets in a container, when it is created, then the log has marks, its user gets the values, and they go with it', async () => {
  const { world, engine } = await withImage();
  const before = world.secrets.size;
  const spec = simSpec({
    cmd: ['serve', '--password=canary-1'],
    labels: { token: 'canary-2', plain: 'x' },
    logOptions: { url: 'tcp://u:canary-3@h' },
  });
  const { id } = await engine.execute('container.create', { name: 'web', spec }, CALLER);
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  const record = (await engine.view()).container(id);
  assert.match(record.argv.join(' '), /serve --password=\[sealed:\d:[0-9a-f]{16}\]$/);
  const revealed = await engine.revealed(record);
  assert.equal(revealed.argv.slice(-2), ['serve', '--password=canary-1']);
  assert.equal([revealed.spec.labels, revealed.spec.logOptions], [spec.labels, spec.logOptions]);
  await engine.execute('container.start', { container: id }, CALLER);
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  await engine.execute('container.remove', { container: id, force: true, volumes: true }, CALLER);
  assert.is(world.secrets.size, before);
  await engine.stop('test');
});

test('given an entrypoint and arguments, when a container is created, then they are read as one command line, and come back whole', async () => {
  const { engine } = await withImage();
  for (const [entrypoint, cmd] of [
    [['redis-cli'], ['-a', 'canary', 'ping']],
    [
      ['serve', '--password'],
      ['canary', 'x'],
    ],
    [['sh', '-c'], ['PGPASSWORD=canary psql']],
    [['serve'], ['--port', '80']],
  ] as const) {
    const { id } = await engine.execute('container.create', { name: '', spec: simSpec({ entrypoint, cmd }) }, CALLER);
    const revealed = await engine.revealed((await engine.view()).container(id));
    assert.equal([revealed.spec.entrypoint, revealed.spec.cmd, revealed.argv], [entrypoint, cmd, [...entrypoint, ...cmd]]);
  }
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  await engine.stop('test');
});

test('given secrets in users, directories, sources and names, when a container is created, then the log has marks, and it gets what it asked for', async () => {
  const { engine } = await withImage();
  const spec = simSpec({
    cmd: ['curl', '-u', 'me@corp.org:canary@corp.org', 'https://me:canary@h/', '-b', 'a=me:canary@h'],
    user: 'me:canary@example.org',
    workingDir: '/srv/x?token=canary',
    mounts: [{ type: 'bind', source: '/https:/me:canary@example.org/x', target: '/m', readOnly: true }],
    labels: { 'https://me:canary@h': 'x' },
    env: { names: ['https://me:canary@h'] },
  });
  const { id } = await engine.execute('container.create', { name: '', spec }, CALLER);
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  const { spec: found } = await engine.revealed((await engine.view()).container(id));
  for (const field of ['cmd', 'user', 'workingDir', 'labels', 'env'] as const) assert.equal(found[field], spec[field]);
  assert.equal(found.mounts[0], spec.mounts[0]);
  await engine.stop('test');
});

test('given ordinary users, directories, sources and names, when a container is created, then the log has them as they are', async () => {
  const { engine } = await withImage();
  const spec = simSpec({
    user: 'postgres:postgres',
    workingDir: '/home/me@example.org/secrets/token',
    mounts: [{ type: 'bind', source: '/etc/passwd', target: '/run/secrets/db-password', readOnly: true }],
    labels: { 'org.example.password-file': '/run/secrets/x' },
    env: { names: ['PASSWORD', 'API_TOKEN'] },
    extraHosts: ['db:10.0.0.1'],
    dnsOptions: ['ndots:1'],
  });
  const { id } = await engine.execute('container.create', { name: 'password', spec }, CALLER);
  const { spec: found } = (await engine.view()).container(id);
  for (const field of ['user', 'workingDir', 'env', 'extraHosts', 'dnsOptions'] as const) assert.equal(found[field], spec[field]);
  assert.equal(found.mounts[0], spec.mounts[0]);
  await engine.stop('test');
});

test('given an idempotency key with a secret, when it is used again, then it is found, and the log has a mark', async () => {
  const { engine } = await withImage();
  const make = (idem: string): Promise<unknown> =>
    engine.execute('volume.create', { driver: 'local', options: {}, labels: {} }, { ...CALLER, idem });
  const [first, again, other] = [await make('token=canary'), await make('token=canary'), await make('token=canary-2')];
  assert.equal(again, first);
  assert.not.equal(other, first);
  await make('a7c1-42');
  const events = JSON.stringify(await eventsOf(engine));
  assert.not.match(events, 'canary');
  assert.match(events, '"idem":"a7c1-42"');
  await engine.stop('test');
});

test('given a URL with a password where a name or reference was meant, when it is refused, then neither log nor answer has the password', async () => {
  const { engine } = await withImage();
  const url = 'https://u:canary@h/x';
  const attempts = [
    () => engine.execute('container.create', { name: '', spec: { ...simSpec(), image: url } }, CALLER),
    () => engine.execute('container.create', { name: url, spec: simSpec() }, CALLER),
    () => engine.execute('image.remove', { image: url, force: false, prune: true }, CALLER),
    () => engine.execute('container.start', { container: url }, CALLER),
    () => engine.execute('container.start', { container: 'token=canary' }, CALLER),
    () => engine.execute('network.remove', { network: url }, CALLER),
  ];
  for (const attempt of attempts) {
    const error: unknown = await attempt().catch((thrown: unknown) => thrown);
    assert.instance(error, ShiplogError);
    assert.not.match(JSON.stringify((error as ShiplogError).toRecord()), 'canary');
  }
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  const record = await engine.execute('volume.create', { name: 'pass-token', driver: 'local', options: {}, labels: {} }, CALLER);
  assert.is((await engine.view()).volume(record.name).name, 'pass-token');
  await engine.stop('test');
});

test('given a client that says a secret of itself, when it acts and reads, then the log has the rest of what it says', async () => {
  const { engine } = await withImage();
  const req = { method: 'POST', route: '/x', agent: 'bot/1 (+https://u:canary@h/) token=canary' };
  await engine.execute('volume.create', { name: 'data', driver: 'local', options: {}, labels: {} }, { ...CALLER, req });
  await engine.execute('volume.remove', { volume: 'none', force: false }, { ...CALLER, req }).catch(() => undefined);
  await engine.recordRead({ from: 0, follow: false, past: true }, { ...CALLER, req });
  const agents = (await eventsOf(engine)).flatMap((event) => (event.req?.route === '/x' ? [event.req.agent] : []));
  assert.equal([...new Set(agents)], ['bot/1 (+https://[redacted]@h/) token=[redacted]']);
  assert.ok(agents.length >= 5);
  await engine.stop('test');
});

test('given a path with a secret in it that nothing serves, when the request is refused, then the log has the rest of the path', async () => {
  const { engine } = await withImage();
  const req = { method: 'POST', route: '/pull/https://u:canary@h/x/token=canary' };
  const told = await engine.refuse(undefined, new Error('page not found: token=canary'), { ...CALLER, req });
  assert.not.match(told.message, 'canary');
  const routes = (await eventsOf(engine)).flatMap((event) => (event.type === 'request.refused' ? [event.req?.route] : []));
  assert.equal(routes, ['/pull/https://[redacted]@h/x/token=[redacted]']);
  await engine.stop('test');
});

test('given a text that looks like a mark, when a container is created with it, then it stands for itself', async () => {
  const { engine } = await withImage();
  const spec = simSpec({ cmd: ['echo', '[sealed:0:0123456789abcdef]', '--token=canary'], labels: { x: '[sealed:1:0123456789abcdef]' } });
  const { id } = await engine.execute('container.create', { name: 'web', spec }, CALLER);
  const revealed = await engine.revealed((await engine.view()).container(id));
  assert.equal([revealed.spec.cmd, revealed.spec.labels], [spec.cmd, spec.labels]);
  await engine.stop('test');
});

test("given a reference to somebody else's secrets, when a client sends it, then it is not taken", async () => {
  const { engine } = await withImage();
  const first = await engine.execute('container.create', { name: 'victim', spec: simSpec({ cmd: ['--token=canary'] }) }, CALLER);
  const { sealed } = (await engine.view()).container(first.id).spec;
  assert.ok(sealed !== undefined);
  const spec = { ...PLAIN_SPEC, image: 'sim', logDriver: 'sim', sealed, cmd: ['x'], hostname: 'h' };
  const { id } = await engine.execute('container.create', { name: 'thief', spec }, CALLER);
  assert.is((await engine.view()).container(id).spec.sealed, undefined);
  await engine.stop('test');
});

test('given a volume and a network with secrets, when they are made again, refused or removed, then the vault keeps what is used and no more', async () => {
  const { world, engine } = await withImage();
  const before = world.secrets.size;
  const volume: CommandArgs['volume.create'] = { name: 'share', driver: 'local', options: { o: 'password=canary' }, labels: {} };
  await engine.execute('volume.create', volume, CALLER);
  await engine.execute('volume.create', volume, CALLER);
  assert.is(world.secrets.size, before + 1);
  assert.equal((await engine.revealed((await engine.view()).volume('share'))).options, volume.options);
  const network = { name: 'net', driver: 'bridge', internal: false, options: {}, labels: { token: 'canary' } };
  await engine.execute('network.create', network, CALLER);
  await engine.execute('network.create', network, CALLER).catch(() => undefined);
  assert.is(world.secrets.size, before + 2);
  await engine.execute('network.remove', { network: 'net' }, CALLER);
  await engine.execute('volume.remove', { volume: 'share', force: false }, CALLER);
  assert.is(world.secrets.size, before);
  assert.not.match(JSON.stringify(await eventsOf(engine)), 'canary');
  await engine.stop('test');
});

test.run();
