import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDriver } from '@shiplog/create-driver';
import { TestDaemon } from '@shiplog/test-support';

const test = suite('authorizers and projections');

for (const isolation of ['inline', 'process']) {
  test(`given an authorizer and a projection, ${isolation}, as they are begun, when clients ask, then denials are told and recorded, and the view counts all events`, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'shiplog-policy-'));
    const language = 'typescript';
    const policy = await createDriver({ family: 'authorizer', name: 'policy', language, parent });
    const counts = await createDriver({ family: 'projection', name: 'counts', language, parent });
    const rules = join(parent, 'rules.json');
    await writeFile(rules, JSON.stringify([{ name: 'no-volumes', command: 'volume.create', reason: 'volumes are not allowed here' }]));
    const config = join(parent, 'config.json');
    const plugins = [policy.directory, counts.directory];
    const isolate = [`policy=${isolation}`, `counts=${isolation}`];
    await writeFile(config, JSON.stringify({ plugins, isolate, driverOptions: { 'authorizer/policy': { policy: rules } } }));
    const daemon = await TestDaemon.start({ extra: ['--config', config] });
    try {
      const denied = await daemon.docker(['volume', 'create', 'data']);
      assert.is(denied.code, 1);
      assert.match(denied.stderr, 'volumes are not allowed here');
      assert.is((await daemon.docker(['network', 'create', 'apart'])).code, 0);
      const events = await daemon.events();
      const [outcome] = events.filter(({ type }) => type === 'volume.create.failed');
      assert.equal([outcome?.result?.status, outcome?.result?.error?.code], ['refused', 'REQUEST_DENIED']);
      const verdicts = events.filter(({ type }) => type === 'operation.authorized').map(({ data }) => data['verdicts']);
      assert.is(verdicts.length, 2);
      const shown = JSON.parse((await daemon.shiplog(['view', '-f', 'json', 'counts'])).stdout) as { readonly [type: string]: number };
      assert.is(shown['volume.create.failed'], 1);
      assert.is(shown['operation.authorized'], 2);
      const one = await daemon.shiplog(['view', '-f', 'json', 'counts', 'type=network.create.succeeded']);
      assert.equal(JSON.parse(one.stdout), { 'network.create.succeeded': 4 });
      assert.is((await daemon.shiplog(['view', 'nobody'])).code, 1);
    } finally {
      await daemon.destroy();
      await rm(parent, { recursive: true });
    }
  });
}

test.run();
