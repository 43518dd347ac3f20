import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Frontier } from './frontier.ts';
import { type Hash, hashBytes, leafHash } from './hash.ts';
import { TlogError } from './tlog-error.ts';

const test = suite('frontier');

const hex = (hash: Hash): string => hashBytes(hash).toString('hex');

/** The definition of RFC 6962, section 2.1, word for word and with another hash function of Node's. */
function mth(leaves: readonly Buffer[]): Buffer {
  const sha256 = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), first);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const LEAVES = Array.from({ length: 300 }, (_, index) => Buffer.from(`leaf ${index}`));

test("given the leaves that Certificate Transparency's own tests use, when they are appended, then the roots are the known ones", () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const frontier = new Frontier();
  assert.is(hex(frontier.root()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (const [index, leaf] of leaves.entries()) {
    frontier.append(leafHash(Buffer.from(leaf, 'hex')));
    assert.is(hex(frontier.root()), roots[index]);
  }
});

test('given every size up to 300, when the root is asked for, then it is what the definition says', () => {
  const frontier = new Frontier();
  for (let size = 0; size <= LEAVES.length; size++) {
    assert.is(frontier.size, size);
    assert.is(hex(frontier.root()), mth(LEAVES.slice(0, size)).toString('hex'));
    frontier.append(leafHash(LEAVES[size] ?? Buffer.alloc(0)));
  }
});

test('given a frontier that was written and read, when leaves are appended to it, then it goes on as the one before', () => {
  const whole = new Frontier();
  for (const [index, leaf] of LEAVES.entries()) {
    const read = Frontier.decode(whole.size, whole.encode());
    read.appendAll(LEAVES.slice(index).map((each) => leafHash(each)));
    assert.is(hex(read.root()), mth(LEAVES).toString('hex'));
    whole.append(leafHash(leaf));
  }
});

test('given a clone, when leaves are appended to it, then the original stays', () => {
  const original = new Frontier();
  original.appendAll(LEAVES.slice(0, 7).map((each) => leafHash(each)));
  const root = original.root();
  original.clone().append(leafHash(Buffer.alloc(0)));
  assert.is(original.size, 7);
  assert.is(original.root(), root);
});

test('given bytes that no tree of the size can have, when they are decoded, then they are refused', () => {
  for (const [size, bytes] of [
    [3, 32],
    [3, 65],
    [0, 32],
    [-1, 0],
    [1.5, 32],
    [Number.NaN, 0],
    [2 ** 53, 32],
  ] as const) {
    assert.throws(
      () => Frontier.decode(size, Buffer.alloc(bytes)),
      (error: unknown) => error instanceof TlogError && error.reason === 'malformed',
    );
  }
});

test('given a leaf amid other bytes, and larger than any before, when it is hashed, then only its own bytes count', () => {
  const around = Buffer.alloc(100_000, 'x');
  around.write('leaf', 50_000);
  assert.is(leafHash(around, 50_000, 50_004), leafHash(Buffer.from('leaf')));
  assert.is(hex(leafHash(around)), mth([around]).toString('hex'));
  assert.is(hex(leafHash(Buffer.alloc(0))), mth([Buffer.alloc(0)]).toString('hex'));
});

test.run();
