import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostUsage, trafficOf } from './host-usage.ts';

const test = suite('host usage');

test('given /proc/stat and /proc/meminfo, when read, then time is in nanoseconds, and CPUs and memory are counted', () => {
  const stat = 'cpu  100 20 30 400 5 6 7 8 9 10\ncpu0 50 10 15 200 2 3 3 4 4 5\ncpu1 50 10 15 200 3 3 4 4 5 5\nintr 1 2\n';
  assert.equal(hostUsage(stat, 'MemTotal:        1024 kB\nMemFree:          512 kB\n'), {
    cpuNs: 5_680_000_000,
    cpus: 2,
    memoryBytes: 1_048_576,
  });
});
test('given /proc/PID/net/dev, when read, then each interface but loopback has its counters', () => {
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:      10       1    0    0    0     0          0         0       10       1    0    0    0     0       0          0
  eth0:    1516      18    2    3    0     0          0         0      906      11    4    5    0     0       0          0
`;
  assert.equal(trafficOf(dev), [
    {
      name: 'eth0',
      receive: { bytes: 1516, packets: 18, errors: 2, dropped: 3 },
      transmit: { bytes: 906, packets: 11, errors: 4, dropped: 5 },
    },
  ]);
});
test.run();
