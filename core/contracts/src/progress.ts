/** Progress of long work, for people; never recorded. `id` names the part, such as a layer's digest. */
export interface Progress {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
}
