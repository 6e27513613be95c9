import t from 'tap';
import { formatAddress, isLoopback, isOpenToTampering, parseAddress } from '../src/address.ts';

t.test('host:port', async (t) => {
  const cases: readonly [string, { host: string; port: number } | undefined][] = [
    ['127.0.0.1:7461', { host: '127.0.0.1', port: 7461 }],
    ['collector.example:0', { host: 'collector.example', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['a:1', { host: 'a', port: 1 }],
    ['a:65536', undefined],
    ['a', undefined],
    [':1', undefined],
    ['::1:1', undefined],
    ['-a:1', undefined],
    ['a b:1', undefined],
    [`${'a'.repeat(254)}:1`, undefined],
    ['http://a:1', undefined],
  ];
  for (const [text, expected] of cases) {
    const parsed = parseAddress(text);
    t.same(parsed, expected, text);
    if (parsed !== undefined) t.equal(formatAddress(parsed), text);
  }
});

t.test('what only this machine can reach', async (t) => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.9', '::1', '[::1]']) {
    t.equal(isLoopback(host), true, host);
  }
  for (const host of ['0.0.0.0', '::', '127.0.0.256', '127.1', '127.0.0.1.example', 'a', '']) {
    t.equal(isLoopback(host), false, host);
  }
});

t.test('what others can change on the way', async (t) => {
  for (const url of ['https://a.example', 'http://localhost', 'http://[::1]:1', 'http://127.1']) {
    t.equal(isOpenToTampering(new URL(url)), false, url);
  }
  for (const url of ['http://a.example', 'http://10.0.0.1', 'http://127.0.0.1.example']) {
    t.equal(isOpenToTampering(new URL(url)), true, url);
  }
});
