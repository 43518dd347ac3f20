// time limit: 800 s
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, busyboxLayout, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { ask } from './raw-http.ts';
import { tarOf } from './tar-of.ts';
import { type Mutation, MUTATIONS, plantings, TELLING } from './secret-fields.ts';

const IMAGE = 'busybox:test';

const test = suite('secrets');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-secrets-'));
const daemon = await TestDaemon.start();
/** Every secret that was planted, with where, and everything that clients were told. */
const planted = new Map<string, string>();
const told: string[] = [];
const PASSWORD = canary('registry');
const registry = await TestRegistry.start({ htpasswd: { username: 'me', password: PASSWORD } });

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'busybox.tar')])).code, 0);
  await busyboxLayout(join(scratch, 'private'), '1', { Labels: { is: 'private' } });
  await registry.push(`oci:${join(scratch, 'private')}:1`, 'private:1', ['--dest-creds', `me:${PASSWORD}`]);
});

test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** A header as Docker's clients send it. It is a secret, too. */
function authHeader(password: string): string {
  const header = Buffer.from(JSON.stringify({ username: 'me', password })).toString('base64url');
  planted.set(header, 'header of credentials');
  planted.set(Buffer.from(`me:${password}`).toString('base64'), 'basic credentials');
  return header;
}

function canary(where: string, exactly = where): string {
  const secret = `canary-${where}-${randomBytes(9).toString('hex')}`;
  planted.set(secret, exactly);
  return secret;
}

/** Where the secrets were planted that a text has. */
function secretsIn(text: string): readonly string[] {
  const found = new Set(text.match(/canary-[a-z]+-[0-9a-f]{18}/g));
  for (const secret of planted.keys()) if (!secret.startsWith('canary-') && text.includes(secret)) found.add(secret);
  return [...found].flatMap((secret) => planted.get(secret) ?? []);
}

async function docker(...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await daemon.docker(args);
  told.push(stdout, stderr);
  return code ?? -1;
}

async function asked(method: string, path: string, body: unknown): Promise<number> {
  const answer = await ask(daemon.socket, method, path, typeof body === 'string' ? body : JSON.stringify(body));
  told.push(answer.body);
  return answer.status;
}

/** A request with a header that holds credentials. */
function withHeader(path: string, name: string, value: string, method = 'POST'): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ socketPath: daemon.socket, method, path, headers: { [name]: value }, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => told.push(chunk));
      response.on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

const INSPECTED = { argv: canary('argv'), next: canary('next'), label: canary('label'), url: canary('url') };

test('given secrets everywhere a client can put them, when requests succeed, fail and are refused, then Docker shows them to who asks for the object', async () => {
  const { argv, next, label, url } = INSPECTED;
  const command = ['sh', '-c', 'sleep 60; true', 'sh', `--password=${argv}`, '--api-token', next, `https://me:${url}@example.org/`];
  const flags = ['-e', `A=${canary('env')}`, '--label', `registry.token=${label}`, '--log-opt', 'max-size=1m'];
  assert.is(await docker('run', '-d', '--name', 'secret', ...flags, IMAGE, ...command), 0);
  assert.is(await docker('exec', '-e', `B=${canary('execenv')}`, 'secret', 'sh', '-c', `TOKEN=${canary('execargs')} true`), 0);
  assert.is(await docker('volume', 'create', '--label', `secret=${canary('volumelabel')}`, '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', `o=size=1m,password=${canary('volumeoption')}`, 'share') < 2, true); // prettier-ignore
  assert.is(await docker('network', 'create', '--label', `password=${canary('networklabel')}`, 'net'), 0);
  const { stdout } = await daemon.docker(['inspect', 'secret']);
  const [inspected] = JSON.parse(stdout) as [{ Config: { Cmd: string[]; Labels: object }; Args: string[] }];
  assert.equal(inspected.Config.Cmd, command);
  assert.equal(inspected.Config.Labels, { 'registry.token': label });
  assert.equal(inspected.Args, command.slice(1));
  const ps = await daemon.docker(['exec', 'secret', 'cat', '/proc/1/cmdline']);
  assert.equal(ps.stdout.split('\0').slice(0, -1), command);
});

test('given secrets in requests that fail or are refused, when the client is told why, then not with the secret', async () => {
  assert.is.not(
    await docker('run', '--name', 'failing', '-e', `C=${canary('failing')}`, IMAGE, 'nosuchcommand', `--token=${canary('failingargs')}`),
    0,
  );
  assert.is.not(await docker('run', '--name', 'worse', IMAGE, `/nosuch?token=${canary('program')}`), 0);
  assert.is.not(
    await docker('run', '--name', 'refused', '-e', `E=${canary('refused')}`, 'nobody', 'x', `--password=${canary('refusedargs')}`),
    0,
  );
  const spec = { Image: IMAGE, Cmd: ['true'] };
  assert.is(await asked('POST', '/containers/create', { ...spec, WorkingDir: `https://u:${canary('workdir')}@h` }), 400);
  assert.is(await asked('POST', '/containers/create', { ...spec, HostConfig: { LogConfig: { Type: 'json-file', Config: { 'splunk-token': canary('logoption') } } } }), 400); // prettier-ignore
  assert.is(await asked('POST', '/containers/create', { ...spec, Labels: `password=${canary('labeltype')}` }), 400);
  assert.is(await asked('POST', '/containers/create', `{"Image":"x","Env":["PASSWORD=${canary('json')}",}`), 400);
  assert.is(await asked('POST', '/containers/create', `{"Image":${canary('jsonword')}}`), 400);
  await asked('POST', '/containers/create?name=healthy', {
    ...spec,
    Healthcheck: { Test: ['CMD-SHELL', `curl -u me:${canary('health')} http://h`] },
  });
  assert.is.not(await asked('POST', `/images/create?fromSrc=${encodeURIComponent(`https://u:${canary('import')}@h/x.tar`)}`, ''), 200);
  await asked('POST', `/build?buildargs=${encodeURIComponent(JSON.stringify({ TOKEN: canary('buildarg') }))}`, '');
  await asked('POST', '/auth', { username: 'me', password: canary('auth'), serveraddress: 'h' });
  await withHeader(`/images/create?fromImage=${registry.host}/nosuch`, 'X-Registry-Auth', authHeader(canary('wrongregistry')));
  await withHeader('/images/create?fromImage=busybox', 'X-Registry-Auth', `{"password":"${canary('header')}"}`);
  await withHeader(`/images/${IMAGE}/push`, 'X-Registry-Auth', authHeader(canary('registrypush')));
  const configured = { [registry.host]: { username: 'me', password: canary('registryconfig') } };
  const config = Buffer.from(JSON.stringify(configured)).toString('base64url');
  planted.set(config, 'registryconfig');
  await withHeader('/build?t=x', 'X-Registry-Config', config);
  await withHeader('/build?t=x', 'X-Registry-Config', Buffer.from(`["${canary('configmisread')}"]`).toString('base64'));
  assert.is(await asked('DELETE', `/containers/nobody?token=${canary('query')}`, ''), 404);
});

test('given a registry that asks who one is, when an image is pulled from it with a password, then the password is where the next test searches for it, and not found', async () => {
  assert.is(await withHeader(`/images/create?fromImage=${registry.host}/private&tag=1`, 'X-Registry-Auth', authHeader(PASSWORD)), 200);
  assert.match(told.join(''), `Downloaded newer image for ${registry.host}/private:1`);
  const push = `/images/${registry.host}/private/push?tag=1`;
  assert.is(await withHeader(push, 'X-Registry-Auth', authHeader(PASSWORD)), 200);
  assert.match(told.at(-1) ?? '', /"aux":\{"Tag":"1","Digest":"sha256:/);
  assert.is(await withHeader(push, 'X-Registry-Auth', authHeader(canary('wrongpush'))), 200);
  assert.match(told.at(-1) ?? '', 'access denied');
  const inspect = `/distribution/${registry.host}/private:1/json`;
  assert.is(await withHeader(inspect, 'X-Registry-Auth', authHeader(PASSWORD), 'GET'), 200);
  assert.is(await withHeader(inspect, 'X-Registry-Auth', authHeader(canary('wronginspect')), 'GET'), 403);
  const credentials = { username: 'me', password: PASSWORD, serveraddress: registry.host };
  assert.is(await asked('POST', '/auth', credentials), 200);
  assert.is(await asked('POST', '/auth', { ...credentials, password: canary('wronglogin') }), 401);
  const url = `/images/create?fromImage=${registry.host}/private&tag=1`;
  assert.is(await withHeader(url, 'X-Registry-Auth', authHeader(canary('wrongagain'))), 403);
  assert.is(await withHeader(url, 'X-Registry-Auth', Buffer.from(`{"username":["${canary('misread')}"]}`).toString('base64')), 400);
});

test('given secrets in a Dockerfile, in build arguments and labels, when it is built or fails, then the image has them and nobody else is told', async () => {
  const [built, variable] = [canary('built'), canary('variable')];
  const dockerfile = [
    `FROM ${IMAGE}`,
    'ARG HARMLESS',
    `ARG DEFAULT=${canary('argdefault')}`,
    `ENV A=${variable} B="${canary('variabletwo')} x"`,
    `LABEL registry.token=${canary('dockerfilelabel')}`,
    `RUN test -n "$HARMLESS"; : curl -u me:${canary('runline')} http://h`,
    `CMD ["x", "--password=${canary('cmd')}"]`,
  ];
  const query = new URLSearchParams({ t: 'with-secrets', buildargs: JSON.stringify({ HARMLESS: built }), labels: JSON.stringify({ password: canary('buildlabel') }) }); // prettier-ignore
  const context = async (...lines: readonly string[]) => tarOf([{ name: 'Dockerfile', text: lines.join('\n') }]);
  const answer = await ask(daemon.socket, 'POST', `/build?${query}`, await context(...dockerfile));
  assert.match(answer.body, 'Successfully tagged with-secrets:latest', answer.body);
  const failing = `RUN : --token=${canary('failedrun')} "$HARMLESS"; false`;
  await ask(daemon.socket, 'POST', `/build?forcerm=1&${query}`, await context(...dockerfile, failing));
  await ask(daemon.socket, 'POST', `/build?${query}`, await context(...dockerfile, `COPY https://me:${canary('copied')}@h/x /`));
  await ask(daemon.socket, 'POST', `/build?${query}`, await context(...dockerfile, `NOTHING password=${canary('unknownline')}`));
  // What it begins with is pulled with the credentials for its registry, which was told at the login alone.
  const config = Buffer.from(JSON.stringify({ [registry.host]: { username: 'me', password: PASSWORD } })).toString('base64url');
  planted.set(config, 'registry');
  const pulled = await context(`FROM ${registry.host}/private:1`, 'USER nobody');
  await daemon.docker(['rmi', '-f', `${registry.host}/private:1`]);
  const denied = await ask(daemon.socket, 'POST', '/build', pulled);
  assert.not.match(denied.body, 'Successfully built');
  const allowed = await ask(daemon.socket, 'POST', '/build', pulled, { 'x-registry-config': config });
  assert.match(allowed.body, /"status":"Downloading"[^]*Successfully built/, allowed.body);
  // Its own history and configuration have them, as with Docker.
  const { stdout } = await daemon.docker(['history', '--no-trunc', 'with-secrets']);
  assert.match(stdout, `HARMLESS=${built}`);
  assert.match((await daemon.docker(['inspect', '-f', '{{.Config.Env}}', 'with-secrets'])).stdout, `A=${variable}`);
});

test('given a build argument that the shiplog command takes from its environment, when the build runs, then no command line has it', async () => {
  const secret = canary('namedarg');
  const input = `FROM ${IMAGE}\nARG TOKEN\nRUN test -n "$TOKEN" && exec sleep 601`;
  const building = daemon.shiplog(['build', '--force-rm', '--build-arg', 'TOKEN', '-'], {
    input,
    env: { TOKEN: secret },
    timeoutMs: 120_000,
  });
  let container = '';
  for (const end = Date.now() + 60_000; container === ''; await sleep(100)) {
    const lists = ['ps', '-q', '--filter', 'status=running'];
    for (const id of (await daemon.docker(lists)).stdout.split('\n').filter(Boolean))
      if ((await daemon.docker(['top', id])).stdout.includes('sleep 601')) container = id;
    assert.ok(Date.now() < end, 'the build runs its command');
  }
  let clients = 0;
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    assert.not(words.includes(secret), words);
    if (words.includes('--build-arg\0TOKEN\0')) clients += 1;
  }
  assert.ok(clients > 0, 'the client is seen');
  assert.is(await docker('kill', container), 0);
  const { code, stdout, stderr } = await building;
  told.push(stdout, stderr);
  assert.is(code, 137);
  assert.match(stderr, /^shiplog: Dockerfile:3: The command .* returned a non-zero code: 137$/m);
});

/** The status that a request is answered with. */
function sent({ method, path, query, body, headers }: Mutation): Promise<number> {
  const search = new URLSearchParams(query).toString();
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: daemon.socket,
        method,
        path: search === '' ? path : `${path}?${search}`,
        headers: { ...type, ...headers },
        agent: false,
      },
      (response) => {
        response.setEncoding('utf8').on('data', (chunk: string) => told.push(chunk));
        response.on('end', () => resolve(response.statusCode ?? 0)).on('error', reject);
      },
    );
    call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('given secrets in every field of every mutating route, when requests succeed and are refused, then they leave no trace in what the next test searches', async () => {
  assert.is(await docker('network', 'create', '--subnet', '198.18.228.0/24', 'fields'), 0);
  assert.is(await docker('run', '-d', '--name', 'busy', '--network', 'fields', IMAGE, 'sleep', '600'), 0);
  const made: string[] = [];
  for (const mutation of MUTATIONS) {
    assert.is(await sent(mutation), mutation.status, `${mutation.method} ${mutation.path}: ${told.at(-1)}`);
    for (const { where, with: plant } of plantings(mutation)) {
      for (const telling of TELLING) {
        const status = await sent(plant(telling(canary('field', `${where}: ${telling('…')}`))));
        const { Id } = status === 201 && mutation.path === '/containers/create' ? (JSON.parse(told.at(-1) ?? '') as { Id?: string }) : {};
        if (Id !== undefined) made.push(Id);
      }
    }
  }
  assert.ok(made.length > 100, `${made.length} containers were made`);
  // Some of them cannot start: their errors must not tell, either.
  for (const [index, id] of made.entries()) if (index % 10 === 0) await asked('POST', `/containers/${id}/start`, '');
});

test('given secrets in files, when they are copied in and out, whole and broken, then what is in files is told to nobody else', async () => {
  // In memory: what is written to the container's own files is on the disk by intent.
  assert.is(await docker('run', '-d', '--name', 'copied', '--tmpfs', '/t', IMAGE, 'sleep', '600'), 0);
  const content = canary('content');
  const file = join(scratch, 'file');
  await writeFile(file, content);
  assert.is(await docker('cp', file, 'copied:/t/file'), 0);
  assert.is((await daemon.docker(['exec', 'copied', 'cat', '/t/file'])).stdout, content);
  assert.match((await daemon.docker(['cp', 'copied:/t/file', '-'])).stdout, content);
  for (const broken of [`${canary('notar')}`.repeat(100), `${canary('short')}`]) {
    const { status, body } = await ask(daemon.socket, 'PUT', '/containers/copied/archive?path=/t', Buffer.from(broken));
    told.push(body);
    assert.is(status, 400);
  }
  assert.is((await daemon.docker(['rm', '-f', 'copied'])).code, 0);
});

test('given a health check that prints a secret, when its container is looked at, then it is there', async () => {
  const secret = canary('probe');
  // Backwards, so that it is what the probe prints and not what it is called with.
  const backwards = [...secret].toReversed().join('');
  const flags = ['--health-cmd', `echo ${backwards} | rev; exit 1`, '--health-interval', '100ms', '--health-retries', '1'];
  assert.is(await docker('run', '-d', '--name', 'telling', ...flags, IMAGE, 'sleep', '3600'), 0);
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    const { stdout } = await daemon.docker(['inspect', '-f', '{{json .State.Health}}', 'telling']);
    if (stdout.includes(secret) && stdout.includes('"Status":"unhealthy"')) break;
    assert.ok(Date.now() < end, stdout);
  }
});

test('given all that was planted, when every file, stream, export, answer and process is searched, then it is nowhere but in the vault and in the bundle', async () => {
  await sleep(300);
  const places = new Map<string, string>();
  const files = async (directory: string): Promise<void> => {
    for (const name of await readdir(join(daemon.directory, directory), { recursive: true })) {
      const path = join(daemon.directory, directory, name);
      if ((await stat(path).catch(() => undefined))?.isFile() !== true) continue;
      const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
        // A mounted namespace is a file that has nothing to read; others go while they are looked for.
        if (error.code === 'EINVAL' || error.code === 'ENOENT') return '';
        throw error;
      });
      places.set(`${directory}/${name}`, text);
    }
  };
  await files('root');
  await files('run/drivers');
  places.set('the log of the daemon', await daemon.log());
  places.set('answers', told.join('\n'));
  for (const format of ['ndjson', 'cloudevents', 'ocsf', 'otel', 'csv', 'parquet', 'chrome-trace'])
    places.set(`export as ${format}`, (await daemon.shiplog(['log', 'export', '--format', format])).stdout);
  places.set('audit', (await daemon.shiplog(['audit', '--format', 'json'])).stdout);
  places.set('docker events', (await daemon.docker(['events', '--since', '0', '--until', '0s', '--format', 'json'])).stdout);
  places.set('docker ps', (await daemon.docker(['ps', '-a', '--no-trunc', '--format', 'json'])).stdout);
  places.set('inspect --at', (await daemon.shiplog(['inspect', 'secret', '--at', '1s'])).stdout);
  for (const name of ['ndjson', 'csv', 'parquet']) assert.ok((places.get(`export as ${name}`) ?? '').length > 1000, name);
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    // The container's own process has its arguments; what the engine runs around it must not.
    if (!words.includes('conmon') && !words.includes('crun') && Number(pid) !== daemon.pid) continue;
    places.set(`command line of ${pid}`, words);
    places.set(`environment of ${pid}`, await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''));
  }
  const found = [...places].map(([place, text]) => [place, secretsIn(text)] as const).filter(([, secrets]) => secrets.length > 0);
  const hits = found.map(([place]) => place);
  const bundles = hits.filter((place) => /^run\/drivers\/runtime\/oci\/.*\.json$/.test(place));
  // What is committed is content: an image has the configuration of its container.
  const images = hits.filter((place) => place.startsWith('root/drivers/image-store/local/blobs/'));
  assert.equal(
    found.filter(([place]) => !place.startsWith('root/drivers/vault/') && !bundles.includes(place) && !images.includes(place)),
    [],
  );
  assert.ok(images.length > 0, 'images have what was committed');
  assert.ok(
    hits.some((place) => place.startsWith('root/drivers/vault/')),
    'the vault has what containers need',
  );
  for (const place of [...bundles, ...images]) {
    // A container may have ended since.
    const found = await stat(join(daemon.directory, place)).catch(() => undefined);
    if (found !== undefined) assert.is(found.mode & 0o077, 0, `${place} is for root alone`);
  }
});

test('given objects with secrets, when they are removed, then their secrets are nowhere at all', async () => {
  const listed = async (listing: readonly string[]): Promise<readonly string[]> =>
    (await daemon.docker(listing)).stdout.split('\n').filter((id) => id !== '');
  /** Removes all of a list. What docker said last of those that it could not remove; one may go by itself meanwhile. */
  const removed = async (listing: readonly string[], removal: readonly string[]): Promise<string> => {
    let said = '';
    for (let tries = 0; tries < 5; tries += 1) {
      const ids = await listed(listing);
      if (ids.length === 0) return '';
      said = (await daemon.docker([...removal, ...ids])).stderr;
    }
    return said;
  };
  assert.is(await removed(['container', 'ls', '-aq'], ['container', 'rm', '-f']), '');
  // Some are of drivers that there are not, and stay.
  await removed(['volume', 'ls', '-q'], ['volume', 'rm', '-f']);
  assert.is(await removed(['network', 'ls', '-q', '--filter', 'type=custom'], ['network', 'rm']), '');
  const vault = join(daemon.directory, 'root/drivers/vault/file/secrets');
  const left = await Promise.all((await readdir(vault)).map(async (name) => readFile(join(vault, name), 'latin1')));
  assert.equal(left.flatMap(secretsIn), []);
});

test.run();
