import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ShiplogError } from '@shiplog/contracts';
import { readIfThere, replaceDurably } from './durable-file.ts';

/**
 * The Ed25519 private key in the file `path` (PKCS #8 in PEM, 0600), made there if there is no such file. Throws SIGNING_KEY_INVALID
 * for a file that is no such key: what was signed with the lost one can be checked no more, so none is made in its place.
 */
export async function signingKey(path: string): Promise<KeyObject> {
  const pem = await readIfThere(path);
  if (pem !== undefined) return readKey(pem, path);
  const { privateKey } = generateKeyPairSync('ed25519');
  await replaceDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

function readKey(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What OpenSSL says of a key it cannot read helps nobody, and may quote it.
  }
  throw new ShiplogError('SIGNING_KEY_INVALID', `${path} is no Ed25519 private key`, { path });
}
