// time limit: 300 s
import { Agent, request } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, ROUTES as DOCKER_ROUTES } from '@shiplog/api-docker';
import { ROUTES as NATIVE_ROUTES } from '@shiplog/api-native';
import { TestDaemon } from '@shiplog/test-support';

const test = suite('refusals');
const daemon = await TestDaemon.start();

test.after(() => daemon.destroy());

/** A request that is refused, and what it leaves in the log. */
interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
  /** Verbs of which one has an intent and an outcome; `read` for a refused read of the log, `read VERB` for what is no command, `none` for what is for nothing that is served. */
  readonly leaves: readonly string[];
  /** Nothing where it is answered well: its body is of no interest to every route. */
  readonly perhaps?: true;
}

/** Asks, saying `agent` of itself, on a connection of its own: who reads tiles is recorded once for each. Answers the status. */
async function ask({ method, path, headers = {}, body }: Refusal, agent: string): Promise<number> {
  // Kept open: a connection that ends with the answer may end before the body is sent.
  const connection = new Agent({ keepAlive: true });
  try {
    return await new Promise((resolve, reject) => {
      const all = { ...headers, 'user-agent': agent, 'content-length': Buffer.byteLength(body ?? '') };
      const call = request({ socketPath: daemon.socket, method, path, headers: all, agent: connection }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      });
      call.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
      call.end(body);
    });
  } finally {
    connection.destroy();
  }
}

let checks = 0;

/** Asks all of them, and compares what each has left. */
async function check(refusals: readonly Refusal[]): Promise<void> {
  checks += 1;
  const agentOf = (index: number): string => `check ${checks}.${index}`;
  const statuses: number[] = [];
  for (const [index, refusal] of refusals.entries()) statuses.push(await ask(refusal, agentOf(index)));
  const left = new Map<string, string[]>();
  for (const { kind, type, data, req, result } of await daemon.events()) {
    const agent = (req as { readonly agent?: string } | undefined)?.agent ?? '';
    // What a registry was asked is recorded with its answer, also where that is no.
    const asked = type === 'registry.inspect' || type === 'registry.login';
    if (kind !== 'intent' && kind !== 'outcome' && type !== 'request.refused' && !asked) continue;
    const what = type === 'request.refused' ? `${type} of ${String(data['verb'])}` : asked ? `request.refused of ${type}` : type;
    // What an archive lacks is found while it is read: that fails.
    const refused = result?.error !== undefined && /^(refused|failed)$/.test(result.status);
    const how = kind !== 'intent' && refused ? ' refused' : '';
    left.set(agent, [...(left.get(agent) ?? []), what + how]);
  }
  const wrong = refusals.flatMap(({ method, path, body, leaves, perhaps }, index) => {
    const status = statuses[index] ?? 0;
    if (perhaps === true && status < 400) return [];
    const found = (left.get(agentOf(index)) ?? []).join(', ');
    const wanted = leaves.map((verb) => {
      if (verb.startsWith('read')) return `request.refused of ${verb.slice('read '.length) || 'log.read'} refused`;
      return verb === 'none' ? 'request.refused of undefined refused' : `${verb}.requested, ${verb}.failed refused`;
    });
    if (status >= 400 && (leaves.length === 0 ? found === '' : wanted.includes(found))) return [];
    return [`${method} ${path.slice(0, 80)} ${String(body ?? '').slice(0, 20)}: ${status} [${found}]`];
  });
  assert.equal(wrong, []);
}

const JSON_TYPE = { 'content-type': 'application/json' };
const changes = DOCKER_ROUTES.filter(
  ({ method, harmless, leaves }) => leaves !== undefined || (!['GET', 'HEAD', 'OPTIONS'].includes(method) && harmless !== true),
);
function leavesOf({ verb, leaves }: (typeof DOCKER_ROUTES)[number]): readonly string[] {
  if (leaves !== undefined) return [`read ${leaves}`];
  return verb === undefined ? ['none'] : [verb].flat();
}
const filled = (template: string, word = 'nobody'): string => template.replaceAll(/\{\w+\*?\}/g, word);

test('given every route of the Docker API that changes something or lets content pass, when a request is refused before the route sees it, then the audit has it', async () => {
  const refused = new Set(REFUSED);
  assert.ok(changes.length > 50 && changes.some((entry) => refused.has(entry)));
  await check(
    changes.flatMap((entry) => {
      const { method, template } = entry;
      const leaves = leavesOf(entry);
      const path = filled(template);
      return [
        { method, path: `/v1.99${path}`, leaves },
        { method, path: `/v1.1${path}?x=y`, leaves },
        { method, path: `${path}?at=1`, leaves },
        ...(template.includes('{') ? [{ method, path: filled(template, '%zz'), leaves }] : []),
      ];
    }),
  );
});

test('given every route of the Docker API that changes something or lets content pass, when its body cannot be read, then the audit has it', async () => {
  const large = Buffer.alloc(5 * 1024 * 1024, ' ');
  await check(
    changes.flatMap((entry) => {
      const { method, template } = entry;
      const common = { method, path: filled(template), leaves: leavesOf(entry), perhaps: true } as const;
      return [
        { ...common, headers: JSON_TYPE, body: '{' },
        { ...common, headers: JSON_TYPE, body: '[]' },
        { ...common, headers: { 'content-type': 'text/plain' }, body: '{}' },
        { ...common, headers: JSON_TYPE, body: large },
        { ...common, headers: { ...JSON_TYPE, connection: 'Upgrade', upgrade: 'tcp' }, body: '{' },
      ];
    }),
  );
});

test('given every route of the native API, when a parameter is misspelt, the method is another, or the path is not well encoded, then the audit has it', async () => {
  await check(
    NATIVE_ROUTES.flatMap((route) => {
      const { method = 'GET', verbs = [], takesRest } = route;
      const path = `/shiplog/v1/${route.path.join('/')}`;
      const ways = takesRest === true && verbs.length > 0 ? verbs.map((verb) => `${path}/nobody/${verb.replace(/^.*\./, '')}`) : [path];
      const reads = route.readsNothing === true ? [] : ['read'];
      const leaves = (verb: string | undefined): readonly string[] => (method === 'GET' ? reads : [verb ?? 'none']);
      return [
        ...ways.flatMap((way, index) =>
          route.anyQuery === true ? [] : [{ method, path: `${way}?misspelt=1`, leaves: leaves(verbs[index]) }],
        ),
        ...(takesRest === true
          ? [{ method, path: `${ways[0]}`.replace('nobody', '%zz').replace(/views$/, 'views/%zz'), leaves: leaves(verbs[0]) }]
          : []
        ).filter(({ path: way }) => way.includes('%zz')),
        { method: 'PATCH', path: ways[0] ?? path, leaves: ['none'] },
        ...(method === 'POST' && takesRest === true ? [{ method, path: `${path}/nobody/frobnicate`, leaves: ['none'] }] : []),
      ];
    }),
  );
});

test('given what nothing serves, when a change is asked for, then the audit has it with the path; and what only reads is passed over', async () => {
  const paths = [
    '/frobnicate',
    '/containers/web/frobnicate',
    '/shiplog/v1/frobnicate',
    '/shiplog/tlog/checkpoint',
    '/shiplog/tlog/frobnicate',
  ];
  await check([
    ...paths.flatMap((path) => ['POST', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, path, leaves: ['none'] }))),
    ...paths.filter((path) => !path.endsWith('checkpoint')).map((path) => ({ method: 'GET', path, leaves: [] })),
  ]);
  const { stdout } = await daemon.shiplog(['audit', '--verb', 'request.*', '--via', 'DELETE /containers/web*', '--format', 'json']);
  const { verb, object, status, error, via } = JSON.parse(stdout);
  assert.equal(
    [verb, object, status, error.code, via.method, via.route],
    ['request.refused', 'engine', 'refused', 'NOT_FOUND', 'DELETE', '/containers/web/frobnicate'],
  );
});

test('given reads of the log and of the past, when they are refused, then the audit has them as reads', async () => {
  const past = DOCKER_ROUTES.filter((entry) => entry.past === true);
  assert.ok(past.length > 8);
  await check([
    ...past.flatMap(({ template }) => [
      { method: 'GET', path: `${filled(template)}?at=yesterdayish`, leaves: ['read'] },
      { method: 'GET', path: `/v1.99${filled(template)}?at=1`, leaves: ['read'] },
    ]),
    { method: 'GET', path: '/events?filters=nonsense', leaves: ['read'] },
    { method: 'GET', path: '/events?since=yesterdayish', leaves: ['read'] },
    { method: 'GET', path: '/events?since=20&until=10', leaves: ['read'] },
    { method: 'GET', path: '/v1.99/events', leaves: ['read'] },
    ...['from=x', 'from=999999', 'follow=maybe', 'follow=1&to=now', 'sealed=2'].map((query) => ({
      method: 'GET',
      path: `/shiplog/v1/events?${query}`,
      leaves: ['read'],
    })),
    ...['status=maybe', 'uid=root', 'verb=container.crate', 'from=x', 'to=', 'since=1'].map((query) => ({
      method: 'GET',
      path: `/shiplog/v1/audit?${query}`,
      leaves: ['read'],
    })),
    ...['state?at=x', 'inspect/any/web?at=x', 'why/any/web?at=x', 'diff', 'diff?from=x', 'log/hash?at=x', 'views/nobody'].map((path) => ({
      method: 'GET',
      path: `/shiplog/v1/${path}`,
      leaves: ['read'],
    })),
    ...['event/999999', 'event/x', 'tile/entries/x999/999', 'tile/entries/zzz'].map((path) => ({
      method: 'GET',
      path: `/shiplog/tlog/${path}`,
      leaves: ['read'],
    })),
    { method: 'GET', path: '/shiplog/tlog/tile/0/x999/999', leaves: [] },
  ]);
});

test('given content that cannot be taken out, when it is asked for, then the audit has who tried', async () => {
  const paths = {
    'container.stat': ['/containers/nobody/archive?path=/etc', '/containers/nobody/archive'],
    'container.archive': ['/containers/nobody/archive?path=/etc', '/containers/nobody/archive'],
    'container.export': ['/containers/nobody/export'],
    'image.save': ['/images/nobody/get', '/images/get?names=nobody', '/images/nobody/get?platform=nonsense'],
  };
  for (const [verb, asked] of Object.entries(paths)) {
    const method = verb === 'container.stat' ? 'HEAD' : 'GET';
    for (const path of asked) assert.ok((await ask({ method, path, leaves: [] }, 'taker')) >= 400, path);
    const { stdout } = await daemon.shiplog(['audit', '--verb', verb, '--status', 'refused', '--via', 'taker', '--format', 'json']);
    const found = stdout.split('\n').filter((line) => line !== '');
    assert.is(found.length, asked.length, stdout);
  }
});

test.run();
