// time limit: 900 s
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, fetchText, hostTraces, run, TestDaemon } from '@shiplog/test-support';

const IMAGE = 'busybox:test';

/** A web application of a store, two pages of which one is a bind mount, and a job that runs only when asked for. */
const APPLICATION = (greeting: string): string => `
services:
  db:
    image: ${IMAGE}
    command: sh -c 'sleep 1; echo stored > /data/index.html; exec httpd -f -p 5432 -h /data'
    networks: [back]
    volumes: [data:/data, /cache]
    tmpfs: [/scratch]
    mem_limit: 64m
    pids_limit: 50
    restart: unless-stopped
    healthcheck: {test: wget -q -O /dev/null http://127.0.0.1:5432/index.html, interval: 0.2s, timeout: 20s, retries: 500}
    stop_signal: SIGKILL
  web:
    image: ${IMAGE}
    entrypoint: [httpd, -f]
    command: [-h, /srv]
    depends_on: {db: {condition: service_healthy}}
    environment: {GREETING: ${greeting}}
    env_file: web.env
    ports: ['127.0.0.1:0:80', '80']
    networks: {back: {aliases: [www]}}
    volumes: ['./site:/srv:ro']
    labels: {tier: front}
    extra_hosts: ['upstream:10.1.2.3']
    logging: {driver: json-file, options: {max-size: 1m, max-file: '2'}}
    deploy: {resources: {limits: {memory: 32m}}}
    stop_signal: SIGKILL
  teller:
    image: ${IMAGE}
    links: ['db:store']
    command: sh -c 'echo told; echo on the side >&2; exec sleep 600'
    networks: [back]
    stop_signal: SIGKILL
  job:
    image: ${IMAGE}
    command: ['true']
    profiles: [chores]
networks: {back: {}}
volumes: {data: {}}
`;

const test = suite('compose');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-compose-'));
const project = join(scratch, 'shop');
const daemon = await TestDaemon.start();

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'busybox.tar')])).code, 0);
  await mkdir(join(project, 'site'), { recursive: true });
  await writeFile(join(project, 'site/index.html'), 'bound\n');
  await writeFile(join(project, 'web.env'), 'FROM_FILE=yes\n');
  await writeFile(join(project, 'docker-compose.yml'), APPLICATION('hello'));
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

/** What compose prints on standard output. Fails where compose does. */
async function compose(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await composed(...args);
  assert.is(code, 0, `docker-compose ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function composed(...args: readonly string[]) {
  return run('docker-compose', args, { cwd: project, env: daemon.env, timeoutMs: 240_000 });
}

interface Inspected {
  readonly Id: string;
  readonly State: { readonly Status: string };
  readonly HostConfig: { readonly Memory: number; readonly PidsLimit: number; readonly RestartPolicy: { readonly Name: string } };
  readonly Config: { readonly Labels: { readonly [label: string]: string } };
}

async function inspect(container: string): Promise<Inspected> {
  return (JSON.parse((await daemon.docker(['inspect', container])).stdout) as [Inspected])[0];
}

/** Each container of the project with its state, sorted. */
async function states(): Promise<readonly string[]> {
  const { stdout } = await daemon.docker(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

async function page(service: string): Promise<string> {
  const address = (await compose('port', service, '80')).trim();
  assert.match(address, /^127\.0\.0\.1:\d+$/);
  return fetchText(`http://${address}/`);
}

test('given an application, when it is brought up, then each service is as its file says', async () => {
  assert.match(await compose('config'), /GREETING: hello[^]*tier: front/);
  await compose('up', '-d');
  assert.equal(await states(), ['shop_db_1 running', 'shop_teller_1 running', 'shop_web_1 running']);
  assert.is(await page('web'), 'bound\n');
  const db = await inspect('shop_db_1');
  assert.equal([db.HostConfig.Memory, db.HostConfig.PidsLimit, db.HostConfig.RestartPolicy.Name], [64 << 20, 50, 'unless-stopped']);
  const web = await inspect('shop_web_1');
  assert.equal([web.HostConfig.Memory, web.Config.Labels['tier']], [32 << 20, 'front']);
  const env = await compose('exec', '-T', 'web', 'env');
  assert.match(env, /^FROM_FILE=yes$/m);
  assert.match(env, /^GREETING=hello$/m);
  assert.match(await compose('exec', '-T', 'web', 'cat', '/etc/hosts'), /10\.1\.2\.3\s+upstream/);
  assert.match(await compose('exec', '-T', 'db', 'mount'), / on \/scratch type tmpfs /);
  for (const name of ['db', 'shop_db_1', 'store'])
    assert.is(await compose('exec', '-T', 'teller', 'wget', '-q', '-O', '-', `http://${name}:5432/`), 'stored\n');
  assert.is(await compose('exec', '-T', 'teller', 'wget', '-q', '-O', '-', 'http://www/'), 'bound\n');
  const denied = await composed('exec', '-T', 'web', 'touch', '/srv/new');
  assert.is.not(denied.code, 0);
  assert.match(denied.stderr, /Read-only file system/);
});

test('given services that run, when they are looked at, then ps, top, images, logs and port tell what Docker does', async () => {
  const listed = await compose('ps');
  assert.match(listed, /shop_db_1\s+sh -c sleep 1; echo stored.*\s+Up \(healthy\)/);
  assert.match(listed, /shop_web_1\s+httpd -f -h \/srv\s+Up\s+127\.0\.0\.1:\d+->80\/tcp,0\.0\.0\.0:\d+->80\/tcp/);
  const services = await compose('ps', '--services', '--filter', 'status=running');
  assert.equal(services.trim().split('\n').toSorted(), ['db', 'teller', 'web']);
  assert.match(await compose('top', 'web'), /httpd -f -h \/srv/);
  assert.match(await compose('images'), /shop_web_1\s+busybox\s+test/);
  // Output comes to the log a moment after it is written.
  await eventually(async () => /told[^]*on the side|on the side[^]*told/.test(await compose('logs', '--no-color', 'teller')));
  assert.match(await compose('logs', '--no-color', '--tail=1', 'teller'), /^teller_1 .*\| (told|on the side)$/m);
});

test('given a service, when a one-off of it runs, then it has its network, output and exit code, and goes', async () => {
  const ran = await composed('run', '--rm', '-T', '--entrypoint', 'sh', 'web', '-c', 'echo $GREETING; exit 9');
  assert.equal([ran.code, ran.stdout], [9, 'hello\n'], ran.stderr);
  const job = await composed('--profile', 'chores', 'run', '--rm', 'job');
  assert.is(job.code, 0, job.stderr);
  assert.equal(await states(), ['shop_db_1 running', 'shop_teller_1 running', 'shop_web_1 running']);
});

test('given a service, when it is scaled, then there are as many, each with a port of its own, and fewer again', async () => {
  await compose('up', '-d', '--scale', 'web=3');
  const ports = await Promise.all([1, 2, 3].map((index) => compose('port', '--index', String(index), 'web', '80')));
  assert.is(new Set(ports).size, 3, ports.join(''));
  await compose('up', '-d', '--scale', 'web=1');
  assert.equal(await states(), ['shop_db_1 running', 'shop_teller_1 running', 'shop_web_1 running']);
});

test('given services, when they are paused, killed, stopped and started, then each is in the state asked for', async () => {
  await compose('pause', 'db');
  assert.ok((await states()).includes('shop_db_1 paused'));
  await compose('unpause', 'db');
  await compose('kill', 'web');
  assert.ok((await states()).includes('shop_web_1 exited'));
  await compose('start', 'web');
  const before = (await inspect('shop_db_1')).Id;
  await compose('restart', 'db');
  assert.is((await inspect('shop_db_1')).Id, before);
  assert.is(await page('web'), 'bound\n');
  await compose('stop');
  assert.equal(await states(), ['shop_db_1 exited', 'shop_teller_1 exited', 'shop_web_1 exited']);
  await compose('start');
  assert.equal(await states(), ['shop_db_1 running', 'shop_teller_1 running', 'shop_web_1 running']);
});

test('given a file that changed, when it is brought up again, then only what changed is made anew, and volumes keep what they held', async () => {
  await compose('exec', '-T', 'db', 'sh', '-c', 'echo kept > /data/named; echo kept > /cache/anonymous');
  const [db, web] = [(await inspect('shop_db_1')).Id, (await inspect('shop_web_1')).Id];
  await writeFile(join(project, 'docker-compose.yml'), APPLICATION('changed'));
  await compose('up', '-d');
  assert.is((await inspect('shop_db_1')).Id, db);
  assert.is.not((await inspect('shop_web_1')).Id, web);
  assert.match(await compose('exec', '-T', 'web', 'env'), /^GREETING=changed$/m);
  await compose('up', '-d', '--force-recreate', 'db');
  assert.is.not((await inspect('shop_db_1')).Id, db);
  assert.is(await compose('exec', '-T', 'db', 'cat', '/data/named', '/cache/anonymous'), 'kept\nkept\n');
});

test('given a service that is built, when it is brought up, then its image is made of its context, and again when that changes', async () => {
  const directory = join(scratch, 'works');
  const dockerfile = [
    `FROM ${IMAGE} AS base`,
    'ARG WHO',
    'COPY page /page',
    'RUN echo "for $WHO" >> /page',
    'CMD cat /page; exec sleep 600',
    'FROM scratch',
  ];
  const file =
    'services: {site: {build: {context: ./site, dockerfile: Own, target: base, args: {WHO: compose}, labels: [made=here]}, stop_signal: SIGKILL}}';
  await mkdir(join(directory, 'site'), { recursive: true });
  await writeFile(join(directory, 'site/Own'), dockerfile.join('\n'));
  await writeFile(join(directory, 'site/page'), 'first\n');
  await writeFile(join(directory, 'docker-compose.yml'), file);
  const works = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run('docker-compose', ['-f', join(directory, 'docker-compose.yml'), ...args], {
      env: daemon.env,
    });
    assert.is(code, 0, `${stdout}${stderr}`);
    return stdout;
  };
  await works('up', '-d');
  await eventually(async () => (await works('logs', '--no-color', 'site')).includes('| for compose'));
  assert.match(await works('logs', '--no-color', 'site'), '| first');
  await writeFile(join(directory, 'site/page'), 'second\n');
  await works('up', '-d', '--build');
  await eventually(async () => (await works('logs', '--no-color', 'site')).includes('| second'));
  assert.is(
    (await daemon.docker(['image', 'ls', '-q', '--filter', 'label=made=here', '--filter', 'dangling=false'])).stdout.split('\n').length,
    2,
  );
  await works('down', '--rmi', 'all');
});

test('given an application, when it is taken down with its volumes, then nothing of it is left', async () => {
  await compose('down', '-v');
  assert.equal(await states(), []);
  assert.is((await daemon.docker(['volume', 'ls', '-q', '--filter', 'label=com.docker.compose.project=shop'])).stdout, '');
  assert.is((await daemon.docker(['network', 'ls', '-q', '--filter', 'type=custom'])).stdout, '');
  assert.equal(await hostTraces(daemon.directory), []);
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const until = performance.now() + 30_000; performance.now() < until;) if (await holds()) return;
  assert.unreachable('not within 30 s');
}

test.run();
