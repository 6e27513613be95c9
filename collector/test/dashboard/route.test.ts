import * as fc from 'fast-check';
import t from 'tap';
import { pathOf, type Route, routeOf } from '../../src/dashboard/route.ts';

const CASES: readonly (readonly [path: string, route: Route])[] = [
  ['/', { page: 'overview' }],
  ['', { page: 'overview' }],
  ['//', { page: 'overview' }],
  ['/rotations', { page: 'rotations' }],
  ['/rotations/', { page: 'rotations' }],
  ['/rotations/r-1', { page: 'rotation', id: 'r-1' }],
  ['/rotations/r-1/gates', { page: 'unknown' }],
  ['/verifiers', { page: 'verifiers' }],
  ['/verifiers/orders', { page: 'unknown' }],
  ['/verifiers/orders/i-1', { page: 'unknown' }],
  [
    '/verifiers/orders/i-1/main',
    { page: 'verifier', service: 'orders', instance: 'i-1', cache: 'main' },
  ],
  ['/verifiers/orders/i-1/main/x', { page: 'unknown' }],
  ['/alerts', { page: 'alerts' }],
  ['/alerts/al-1-2', { page: 'alert', id: 'al-1-2' }],
  ['/alerts/al-1-2/x', { page: 'unknown' }],
  ['/issuers', { page: 'issuers' }],
  ['/issuers/x', { page: 'unknown' }],
  ['/inventory', { page: 'inventory' }],
  ['/inventory/x', { page: 'unknown' }],
  ['/status', { page: 'unknown' }],
  ['/constructor', { page: 'unknown' }],
  ['/rotations/%E0%A4%A', { page: 'rotation', id: '%E0%A4%A' }],
  ['/rotations/..%2F..%2Fstatus', { page: 'rotation', id: '../../status' }],
];

for (const [path, route] of CASES) {
  t.test(`${path} leads to ${route.page}`, (t) => {
    t.strictSame(routeOf(path), route);
    t.end();
  });
}

// What a name from outside may be: anything but nothing.
const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());

t.test('a name in an address is read back as it was, and leads nowhere else', (t) => {
  fc.assert(
    fc.property(name, name, name, (service, instance, cache) => {
      const path = pathOf('verifiers', service, instance, cache);
      const route = routeOf(path);
      if (route.page !== 'verifier') throw new Error(`${path} leads to ${route.page}`);
      if (route.service !== service || route.instance !== instance || route.cache !== cache) {
        throw new Error(`${path} is read as ${JSON.stringify(route)}`);
      }
    }),
  );
  t.end();
});

t.test('no address breaks it', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      routeOf(`/${text}`);
    }),
  );
  t.end();
});
