import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLinkAlias, linkAlias, networkLinkName, networkMac, parseLinkAlias } from './link-mark.ts';

const ID = '0123456789abcdef'.repeat(4);
const test = suite('driver-kit: link marks');

test('given ids, when links are named, then names fit the kernel', () => {
  assert.is(networkLinkName(ID), 'sl-0123456789ab');
  assert.match(networkLinkName('not hex'), /^sl-[0-9a-f]{12}$/);
  assert.match(networkMac(ID), /^02(:[0-9a-f]{2}){5}$/);
});

test('given an alias, when another engine reads it, then it is not its own', () => {
  const mark = linkAlias('aaaaaaaaaaaa', { resource: 'endpoint', id: ID });
  assert.equal(parseLinkAlias('aaaaaaaaaaaa', mark), { resource: 'endpoint', id: ID });
  assert.is(isLinkAlias(mark), true);
  assert.is(isLinkAlias('uplink'), false);
  for (const text of [mark.replace('aaaa', 'bbbb'), '', undefined, 'shiplog aaaaaaaaaaaa other x', `${mark} more`]) {
    assert.is(parseLinkAlias('aaaaaaaaaaaa', text), undefined);
  }
});

test.run();
