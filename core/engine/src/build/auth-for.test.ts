import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authFor } from './auth-for.ts';

const test = suite('credentials of a build');

test('given credentials by host and by URL, when images are pulled, then each registry gets its own and no other', () => {
  const registries = {
    'https://index.docker.io/v1/': { username: 'hub' },
    'registry.example:5000': { username: 'plain' },
    'https://secure.example': { username: 'secure' },
  };
  const who = (reference: string): string => authFor(registries, reference)?.username ?? 'nobody';
  assert.equal(
    ['busybox', 'docker.io/me/x:1', 'registry.example:5000/x', 'secure.example/a/b', 'registry.example/x', 'other.example/x'].map(who),
    ['hub', 'hub', 'plain', 'secure', 'nobody', 'nobody'],
  );
});

test.run();
