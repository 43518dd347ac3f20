/**
 * The log as a Merkle tree (RFC 6962, section 2.1): leaf `i` is the canonical bytes of the event at `seq` `i`, or their digest if they
 * are more than 65,535 (`entryHash` of core/tlog). Only durable events are in it. Hashes are SHA-256, 32 bytes.
 */
export interface MerkleTree {
  /** Leaves: the position of the last durable event, plus one. */
  readonly size: number;
  /** Root over the first `size` events; over all when absent. Throws LOG_POSITION_UNKNOWN beyond the end. */
  root(size?: number): Promise<Uint8Array>;
  /**
   * Up to 256 hashes side by side, 32 bytes each: those at height `8 × level` over the leaves, from `256 × index` on (C2SP
   * tlog-tiles). Fewer at the right edge, where a hash stands only for a complete subtree. Throws LOG_POSITION_UNKNOWN for
   * a tile of which no hash exists yet.
   */
  tile(level: number, index: number): Promise<Uint8Array>;
}
