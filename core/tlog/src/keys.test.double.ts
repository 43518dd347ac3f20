import { createPrivateKey, type KeyObject } from 'node:crypto';
import { cosigner, noteSigner, verifierKey, verifierOf } from './key.ts';

/** An Ed25519 private key of 32 equal bytes, as PKCS #8 (RFC 8410). */
export function privateKey(seed: string): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

export const ORIGIN = 'example.com/log';
export const signer = noteSigner(ORIGIN, privateKey('a'));
export const verifier = verifierOf(verifierKey('note', ORIGIN, privateKey('a')));
/** When the witness signs, seconds since the epoch. */
export const TIME = 1_700_000_000;
export const witnessSigner = cosigner('witness.example', privateKey('w'), () => TIME);
export const witness = verifierOf(verifierKey('cosignature', 'witness.example', privateKey('w')));
