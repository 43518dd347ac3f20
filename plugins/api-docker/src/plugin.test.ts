import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import plugin, { DockerApi } from './index.ts';
import { FakeEngine } from './testing/fake-engine.ts';

const test = suite('the plugin');

test('given the module, when it is loaded, then it defines one api driver named docker that makes a handler', () => {
  const [definition] = plugin.drivers;
  assert.equal([plugin.drivers.length, definition?.manifest.kind, definition?.manifest.name], [1, 'api', 'docker']);
  const handler = new DockerApi().handler(new FakeEngine());
  assert.type(handler.request, 'function');
  assert.type(handler.upgrade, 'function');
});

test.run();
