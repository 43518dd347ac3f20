export { ApiError, UnreachableError } from './api-error.ts';
export { createClient } from './client.ts';
export { Demultiplexer, outputOf } from './demultiplexer.ts';
export { DockerClient } from './docker-client.ts';
export { API_MAX, API_MIN, compareVersions } from './versioned-transport.ts';
export { DEFAULT_HOST, hostFrom, parseHost } from './host.ts';
export { NativeClient } from './native-client.ts';
export { TlogClient } from './tlog-client.ts';
export { jsonLines } from './ndjson.ts';

export type { TlsMaterial } from './tls.ts';
export type { Client } from './client.ts';
export type { Hijacked, Query } from './transport.ts';
export type { Output } from './demultiplexer.ts';
export type { Ping } from './versioned-transport.ts';
export type * from './docker-types.ts';
export type { Host } from './host.ts';
export type { ExplainedObject, History } from './native-client.ts';
export type { EngineState, InspectedObject, ObjectKind, VerifyProgress } from './native-client.ts';
