import { inspectVerb } from '../inspect-verb.ts';

export default inspectVerb('network', 'bridge', (docker, name, at) => docker.inspectNetwork(name, at));
