import { isIP } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { type AddressClass, addressClass } from '../../src/notify/address-class.ts';

const ROWS: readonly (readonly [address: string, expected: AddressClass])[] = [
  ['8.8.8.8', 'public'],
  ['1.1.1.1', 'public'],
  ['172.15.255.255', 'public'],
  ['172.32.0.1', 'public'],
  ['192.167.255.255', 'public'],
  ['100.63.255.255', 'public'],
  ['100.128.0.0', 'public'],
  ['2606:4700::1111', 'public'],
  ['2a00:1450:4001:800::200e', 'public'],
  ['127.0.0.1', 'private'],
  ['127.255.255.254', 'private'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['::1', 'private'],
  ['0:0:0:0:0:0:0:1', 'private'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fec0::1', 'private'],
  ['0.0.0.0', 'never'],
  ['0.1.2.3', 'never'],
  ['169.254.169.254', 'never'],
  ['169.254.0.1', 'never'],
  ['100.100.100.200', 'never'],
  ['168.63.129.16', 'never'],
  ['192.0.0.192', 'never'],
  ['192.0.2.1', 'never'],
  ['198.18.0.1', 'never'],
  ['224.0.0.1', 'never'],
  ['239.255.255.255', 'never'],
  ['255.255.255.255', 'never'],
  ['240.0.0.1', 'never'],
  ['::', 'never'],
  ['fe80::1', 'never'],
  ['fe80::1%eth0', 'never'],
  ['febf::1', 'never'],
  ['ff02::1', 'never'],
  ['fd00:ec2::254', 'never'],
  ['2001:db8::1', 'never'],
  ['2001::1', 'never'],
  // IPv4 inside IPv6, in every way it can be written.
  ['::ffff:127.0.0.1', 'private'],
  ['::ffff:7f00:1', 'private'],
  ['0:0:0:0:0:ffff:10.1.2.3', 'private'],
  ['::ffff:169.254.169.254', 'never'],
  ['::FFFF:A9FE:A9FE', 'never'],
  ['::ffff:0:169.254.169.254', 'never'],
  ['::127.0.0.1', 'private'],
  ['::ffff:8.8.8.8', 'public'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'never'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['64:ff9b:1::8.8.8.8', 'never'],
  ['2002:7f00:1::', 'private'],
  ['2002:a9fe:a9fe::1', 'never'],
  // No addresses at all.
  ['', 'never'],
  ['localhost', 'never'],
  ['2130706433', 'never'],
  ['0x7f.1', 'never'],
];

for (const [address, expected] of ROWS) {
  t.test(`${address} is ${expected}`, async (t) => {
    t.equal(addressClass(address), expected);
  });
}

t.test('IPv4 is the same behind IPv6, however it is embedded', async () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const plain = addressClass(address);
      return (
        addressClass(`::ffff:${address}`) === plain && addressClass(`64:ff9b::${address}`) === plain
      );
    }),
  );
});

t.test('every IPv6 address has a class', async () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => isIP(address) !== 6 || addressClass(address) !== undefined),
  );
});
