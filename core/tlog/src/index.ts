export { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { formatHash, parseHash, parseUtf8 } from './encoding.ts';
export { encodeBundle, entryHash, entryOf, MAX_ENTRY_BYTES, parseBundle, TILE_WIDTH } from './entry.ts';
export { Frontier } from './frontier.ts';
export { EMPTY_ROOT, HASH_BYTES, hashBytes, hashOf, leafHash, nodeHash } from './hash.ts';
export { cosignatureTime, cosigner, formatVerifierKey, isKeyName, noteSigner, parseVerifierKey, verifierKey, verifierOf } from './key.ts';
export { formatNote, parseNote, parseSignatures, signNote, verifyNote } from './note.ts';
export { checkProof, formatProof, parseProof, witnessedBy } from './proof-file.ts';
export { proveConsistency, proveInclusion } from './prove.ts';
export { newTiles, parseTilePath, tilePath, tileWidth } from './tile-path.ts';
export { TlogError } from './tlog-error.ts';
export { TreeEdge, widthOf } from './tree-edge.ts';
export { TileTree } from './tree.ts';
export { MAX_PROOF, verifyConsistency, verifyInclusion } from './verify.ts';
export { formatAddCheckpoint, judgeCheckpoint, parseAddCheckpoint, parseWitnessedSize, readCosignatures } from './witness.ts';

export type { Checkpoint, SignedCheckpoint } from './checkpoint.ts';
export type { Hash } from './hash.ts';
export type { KeyKind, Signer, Verifier, VerifierKey } from './key.ts';
export type { Note, Signature } from './note.ts';
export type {
  CheckedCheckpoint,
  CheckedConsistency,
  CheckedInclusion,
  ConsistencyProof,
  Cosigned,
  InclusionProof,
  Trust,
} from './proof-file.ts';
export type { TileId } from './tile-path.ts';
export type { TlogReason } from './tlog-error.ts';
export type { CompleteTile } from './tree-edge.ts';
export type { TileReader } from './tree.ts';
export type { Consistency, Inclusion } from './verify.ts';
export type { AddCheckpoint, WitnessAnswer, WitnessedLog } from './witness.ts';
