import { once } from 'node:events';
import type { ContainerRecord, ShiplogEvent } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import plugin from './index.ts';
import { PLUGIN } from './testing/extensions.test.double.ts';
import { FIRST, SECOND } from './testing/history.test.double.ts';
import { lines, serve, whole } from './testing/serve.test.util.ts';

const test = suite('native-handler');

test('given reads of the log, when they are answered, then each was recorded with its route and range before', async () => {
  await serve(async (get, double) => {
    await whole(await get('/shiplog/v1/events?from=2&to=4&type=container.*'));
    await whole(await get('/shiplog/v1/inspect/any/web?at=3'));
    await whole(await get('/shiplog/v1/state'));
    await whole(await get('/shiplog/v1/log/hash?at=2'));
    await whole(await get('/shiplog/v1/log/verify'));
    await whole(await get('/shiplog/v1/info'));
    const followed = await get('/shiplog/v1/events?from=8&follow=1');
    await once(followed, 'data');
    followed.destroy();
    for (let tries = 0; double.ends.length < 3 && tries < 6000; tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(double.reads, [
      { route: '/shiplog/v1/events', from: 2, to: 4, follow: false, filters: { stream: [], type: ['container.*'] } },
      { route: '/shiplog/v1/inspect/{rest*}', from: 3, to: 3, follow: false, filters: { ref: ['any/web'] } },
      { route: '/shiplog/v1/state', from: 8, to: 8, follow: false, filters: {} },
      { route: '/shiplog/v1/log/hash', from: 2, to: 2, follow: false, filters: {} },
      { route: '/shiplog/v1/log/verify', from: 0, follow: false },
      { route: '/shiplog/v1/events', from: 8, follow: true, filters: { stream: [], type: [] } },
    ]);
    assert.equal(double.ends, [4, 8]);
  });
});

test('given a position beyond the next one, when events are asked from there, then it is refused: it is of another log', async () => {
  await serve(async (get) => {
    for (const query of ['from=10', 'from=10&follow=1', 'from=10&to=20']) {
      const answer = await whole(await get(`/shiplog/v1/events?${query}`));
      assert.is(answer.status, 404, query);
      assert.match(answer.text, 'LOG_POSITION_UNKNOWN');
    }
    for (const query of ['from=5&to=3', 'from=5&to=3&follow=1'])
      assert.is((await whole(await get(`/shiplog/v1/events?${query}`))).status, 400, query);
    for (const query of ['from=9', 'from=8&to=20', 'from=9000-01-01'])
      assert.is((await whole(await get(`/shiplog/v1/events?${query}`))).status, 200, query);
  });
});

test("given the log, when the audit is asked, then there is one record an act, and filters are the server's", async () => {
  await serve(async (get, double) => {
    const verbs = async (query: string): Promise<unknown[]> =>
      lines(await whole(await get(`/shiplog/v1/audit${query}`))).map((record) => (record as { verb: string; outcome?: number }).verb);
    assert.equal(await verbs(''), ['container.create', 'container.rename', 'container.create', 'container.remove']);
    assert.equal(await verbs('?verb=container.r*&verb=image.*'), ['container.rename', 'container.remove']);
    assert.equal(await verbs('?from=3&to=5'), ['container.rename', 'container.create'], 'the outcome may come after the range');
    assert.equal(await verbs(`?object=${SECOND.slice(0, 12)}`), ['container.create']);
    assert.equal(await verbs('?object=old'), ['container.create', 'container.rename', 'container.remove'], 'by a name it had');
    assert.equal(await verbs('?object=container/w*&verb=container.remove'), ['container.remove']);
    assert.equal(await verbs('?object=network/old'), []);
    assert.equal(await verbs('?via=unix'), []);
    for (const name of ['object', 'user', 'via', 'subject']) assert.is((await get(`/shiplog/v1/audit?${name}=`)).statusCode, 400, name);
    for (const query of ['from=5&to=3', 'from=now&to=1h']) assert.is((await get(`/shiplog/v1/audit?${query}`)).statusCode, 400, query);
    assert.is((await get('/shiplog/v1/audit?from=100')).statusCode, 404);
    assert.equal(await verbs('?from=5&to=4'), []);
    assert.equal(await verbs('?subject=uid:0'), []);
    assert.is((await get('/shiplog/v1/audit?subject=uid:7')).statusCode, 404);
    assert.equal(await verbs('?from=9000-01-01'), []);
    double.append(['container.stop.requested', SECOND, { args: { container: 'web' } }]);
    const [pending] = lines(await whole(await get('/shiplog/v1/audit?status=pending'))) as { ref: string; outcome?: number }[];
    assert.equal([pending?.ref, pending?.outcome], ['web', undefined]);
    assert.is((await get('/shiplog/v1/audit?status=maybe')).statusCode, 400);
    for (const verb of ['containers.*', 'container', 'container.crate', ''])
      assert.is((await get(`/shiplog/v1/audit?verb=${verb}`)).statusCode, 400, verb);
    assert.is((await get('/shiplog/v1/audit?verb=*&verb=log.read')).statusCode, 200);
    assert.is((await get('/shiplog/v1/audit?uid=root')).statusCode, 400);
    assert.equal(double.reads[1], {
      route: '/shiplog/v1/audit',
      from: 0,
      to: 8,
      follow: false,
      filters: { uid: [], user: [], subject: [], verb: ['container.r*', 'image.*'], object: [], status: [], via: [] },
    });
  });
});

test('given requests that a route never sees, when they are refused, then that is recorded where they were for a change or read the log', async () => {
  await serve(async (get, double) => {
    for (const [path, method, left] of [
      ['audit?verbb=log.read', 'GET', 'log.read'],
      ['events?from=x', 'GET', 'log.read'],
      ['views/nobody', 'GET', 'log.read'],
      ['info?x=1', 'GET', undefined],
      ['nowhere', 'GET', undefined],
      ['nowhere', 'POST', 'none'],
      ['audit', 'DELETE', 'none'],
      ['log/prune?befor=1', 'POST', 'log.prune'],
      ['plugins/x/enable?y=1', 'POST', 'plugin.enable'],
      ['plugins/x/frobnicate', 'POST', 'none'],
      ['containers/%zz/migrate', 'POST', 'container.migrate'],
    ] as const) {
      double.refusals.length = 0;
      assert.ok(((await get(`/shiplog/v1/${path}`, method)).statusCode ?? 0) >= 400, path);
      assert.equal(double.refusals, left === undefined ? [] : [left], path);
    }
  });
});

test('given a person to erase, when the pseudonym is found, then the command has it and not the name; and who is not found is a refusal', async () => {
  await serve(async (get, double) => {
    assert.is((await get('/shiplog/v1/subjects/erase?subject=uid:0')).statusCode, 405);
    assert.is((await get('/shiplog/v1/subjects/erase?subject=uid:0', 'POST')).statusCode, 200);
    assert.is((await get('/shiplog/v1/subjects/erase?subject=uid:7', 'POST')).statusCode, 404);
    assert.is((await get('/shiplog/v1/subjects/erase', 'POST')).statusCode, 400);
    assert.equal(double.commands, [
      ['subject.erase', { subject: 'f00df00df00df00d' }],
      ['refused', 'SUBJECT_NOT_FOUND', 'no such subject'],
      ['refused', 'REQUEST_INVALID', 'no such subject'],
    ]);
  });
});

test('given a moment that is yet to come, when older events are to be sealed or pruned, then it is refused, and that is recorded', async () => {
  await serve(async (get, double) => {
    for (const word of ['seal', 'prune']) {
      const answer = await whole(await get(`/shiplog/v1/log/${word}?before=9000-01-01`, 'POST'));
      assert.is(answer.status, 400);
      assert.match(answer.text, '9000-01-01 is yet to come');
    }
    await whole(await get('/shiplog/v1/log/prune?before=now', 'POST'));
    assert.equal(
      double.commands.map((command) => (command as unknown[])[0]),
      ['refused', 'refused', 'log.prune'],
    );
  });
});

test('given the plugin, when it is read, then it offers the api driver native', () => {
  assert.equal(
    plugin.drivers.map((driver) => [driver.manifest.kind, driver.manifest.name]),
    [['api', 'native']],
  );
});

test('given another path, when asked, then the request is not taken', async () => {
  await serve(async (get) => assert.is((await get('/v1.44/info')).statusCode, 418));
});

test('given an unknown path, method, parameter or moment, when asked, then the error says what there is', async () => {
  await serve(async (get) => {
    const path = await whole(await get('/shiplog/v1/nothing'));
    assert.is(path.status, 404);
    assert.match(path.text, '"code":"NOT_FOUND"');
    const method = await get('/shiplog/v1/info', 'POST');
    assert.is(method.statusCode, 405);
    assert.is(method.headers.allow, 'GET');
    const parameter = await whole(await get('/shiplog/v1/state?att=3'));
    assert.is(parameter.status, 400);
    assert.match(parameter.text, 'state takes at');
    for (const lost of ['state?at=soon', 'state?at=', 'diff?from=', 'events?from=', 'log/hash?at='])
      assert.is((await get(`/shiplog/v1/${lost}`)).statusCode, 400, lost);
    assert.is((await get('/shiplog/v1/inspect/%E0%A4%A/x')).statusCode, 400);
    const beyond = await whole(await get('/shiplog/v1/state?at=99'));
    assert.is(beyond.status, 404);
    assert.match(beyond.text, 'LOG_POSITION_UNKNOWN');
  });
});

test('given a range and filters, when events are read, then those and no others come, in order', async () => {
  await serve(async (get) => {
    const range = await whole(await get('/shiplog/v1/events?from=2&to=4'));
    assert.equal(
      lines(range).map((event) => (event as ShiplogEvent).seq),
      [2, 3, 4],
    );
    const typed = await whole(await get(`/shiplog/v1/events?type=container.create.*&stream=container/${SECOND}`));
    assert.equal(
      lines(typed).map((event) => (event as ShiplogEvent).seq),
      [5, 6],
    );
    for (const times of ['from=@3&to=@5', 'from=@2.5&to=@5.0', 'from=1970-01-01T00:00:03.000Z&to=1970-01-01T00:00:05Z']) {
      const timed = await whole(await get(`/shiplog/v1/events?${times}`));
      assert.equal(
        lines(timed).map((event) => (event as ShiplogEvent).seq),
        [2, 3, 4],
        times,
      );
    }
    assert.is((await whole(await get('/shiplog/v1/events?from=9'))).text, '');
  });
});

test('given a moment to look at that is yet to come, when asked for, then it is refused, and that is recorded', async () => {
  await serve(async (get, { refusals }) => {
    for (const path of ['state?at=9000-01-01', 'log/hash?at=9000-01-01', 'diff?from=0&to=9000-01-01', 'inspect/any/web?at=9000-01-01']) {
      const answer = await whole(await get(`/shiplog/v1/${path}`));
      assert.is(answer.status, 400, path);
      assert.match(answer.text, '9000-01-01 is yet to come');
    }
    assert.equal(refusals, ['log.read', 'log.read', 'log.read', 'log.read']);
  });
});

test('given a follower, when events happen, then they come at once, and leaving ends the subscription', async () => {
  await serve(async (get, double) => {
    const response = await get('/shiplog/v1/events?from=9&follow=1');
    double.append(['container.oom', SECOND, {}]);
    const [chunk] = (await once(response, 'data')) as [Buffer];
    assert.is((JSON.parse(chunk.toString()) as ShiplogEvent).seq, 9);
    assert.is(double.followersLeft(), 1);
    response.destroy();
    for (let tries = 0; double.followersLeft() > 0 && tries < 6000; tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.is(double.followersLeft(), 0);
  });
});

test('given a position to stop at, when followed, then the answer ends there', async () => {
  await serve(async (get) => {
    assert.is(lines(await whole(await get('/shiplog/v1/events?follow=1&to=3'))).length, 4);
    assert.is((await get('/shiplog/v1/events?follow=1&to=2h')).statusCode, 400);
  });
});

test('given a name held by two containers in turn, when inspected at a moment, then the holder of that moment answers', async () => {
  await serve(async (get) => {
    const early = JSON.parse((await whole(await get('/shiplog/v1/inspect/container/web?at=3'))).text) as { record: ContainerRecord };
    assert.is(early.record.id, FIRST);
    const late = JSON.parse((await whole(await get('/shiplog/v1/inspect/any/web?at=@7'))).text) as { record: ContainerRecord };
    assert.is(late.record.id, SECOND);
    assert.is((await get('/shiplog/v1/inspect/container/web?at=1')).statusCode, 404);
  });
});

test('given a removed container, when inspected without a moment, then its last state answers, with when it went', async () => {
  await serve(async (get) => {
    for (const ref of ['old', FIRST, FIRST.slice(0, 12)]) {
      const answer: unknown = JSON.parse((await whole(await get(`/shiplog/v1/inspect/any/${ref}`))).text);
      assert.equal(answer, { kind: 'container', record: { id: FIRST, name: 'old' }, seq: 7, removedAt: { seq: 8, time: '9000000000' } });
    }
    const never = await whole(await get('/shiplog/v1/inspect/container/never'));
    assert.is(never.status, 404);
    assert.match(never.text, 'CONTAINER_NOT_FOUND');
    assert.is((await get('/shiplog/v1/inspect/ship/x')).statusCode, 400);
  });
});

test('given the state at a position, when asked, then it holds what lived then', async () => {
  await serve(async (get) => {
    const state = JSON.parse((await whole(await get('/shiplog/v1/state?at=7'))).text) as { seq: number; containers: ContainerRecord[] };
    assert.is(state.seq, 7);
    assert.equal(
      state.containers.map((container) => container.name),
      ['old', 'web'],
    );
  });
});

test('given a log, when verified, then progress comes first and the verification last', async () => {
  await serve(async (get) => {
    const answer = lines(await whole(await get('/shiplog/v1/log/verify')));
    assert.equal(answer, [
      { checked: 5, total: 9 },
      { from: 0, events: 9, head: 'ff', damage: [] },
    ]);
    assert.match((await whole(await get('/shiplog/v1/info'))).text, '"durableSeq":8');
  });
});

test('given a log, pruned or not, when asked where it begins, then it says so, with the state before its first event', async () => {
  await serve(async (get, { begin, reads }) => {
    const answer = async (): Promise<unknown> => JSON.parse((await whole(await get('/shiplog/v1/log/boundary'))).text);
    assert.equal(await answer(), { first: 0 });
    const state = { schema: 1, seq: 3, volumes: [] };
    begin.boundary = { seq: 3, state: Buffer.from(JSON.stringify(state)) };
    assert.equal(await answer(), { v: 1, kind: 'boundary', first: 4, state });
    assert.is(reads.length, 2);
  });
});

test('given plugins and views, when they are asked for, then each answers by its name, and unknown ones are not found', async () => {
  await serve(async (get) => {
    const json = async (path: string): Promise<unknown> => JSON.parse((await whole(await get(path))).text);
    assert.equal(await json('/shiplog/v1/plugins'), [{ ...PLUGIN, enabled: true }]);
    assert.equal(await json('/shiplog/v1/plugins/%40shiplog%2Fsome'), { ...PLUGIN, enabled: true });
    assert.equal(await json('/shiplog/v1/plugins/%40shiplog%2Fsome/logs'), [{ time: '', level: 'info', message: 'hello', facts: {} }]);
    assert.equal(await json('/shiplog/v1/views'), ['counts']);
    assert.equal(await json('/shiplog/v1/views/counts?by=type'), { first: 0, seq: 8, view: { by: 'type' } });
    for (const path of ['plugins/other', 'plugins/%40shiplog%2Fsome/else', 'views/other', 'views/counts/more'])
      assert.is((await get(`/shiplog/v1/${path}`)).statusCode, 404, path);
    const verb = await whole(await get('/shiplog/v1/plugins/%40shiplog%2Fsome/explode', 'POST'));
    assert.is(verb.status, 404);
    assert.match(verb.text, 'enable');
  });
});

test.run();
