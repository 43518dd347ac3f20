/** What a process did to a file system, in the order in which the kernel was asked. Paths are absolute. */
export type Operation =
  | { readonly type: 'create'; readonly path: string; readonly truncate: boolean }
  /** `at` absent: at the end of the file. */
  | { readonly type: 'write'; readonly path: string; readonly bytes: Buffer; readonly at?: number }
  | { readonly type: 'resize'; readonly path: string; readonly size: number }
  | { readonly type: 'sync'; readonly path: string }
  | { readonly type: 'rename'; readonly path: string; readonly to: string }
  | { readonly type: 'unlink'; readonly path: string }
  | { readonly type: 'mkdir'; readonly path: string }
  | { readonly type: 'rmdir'; readonly path: string };
