import t from 'tap';
import { ISSUER, policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

function hello(world: World, instance: string, issuers: readonly string[]) {
  const reply = world.take({
    type: 'hello',
    session: 's',
    hello: {
      bootId: 'ab'.repeat(16),
      agentVersion: '1',
      wallUnixMs: 0,
      verifiers: [
        {
          handle: 1,
          id: { service: 'orders', instance, cache: 'jwks' },
          profile: '',
          source: 'in_process',
          issuers,
          cacheKind: 'any',
        },
      ],
    },
  });
  return reply.type === 'assignments' ? reply.assignments[0]?.refused : 'no assignment';
}

t.test('a verifier of an issuer nobody configured is kept, and shows under it', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  t.equal(hello(world, 'a', ['https://other.test']), '');
  t.equal(world.state.fleet.groups.get('https://other.test')?.get('orders')?.members.size, 1);
  t.equal(world.state.fleet.groups.get(ISSUER)?.get('orders')?.members.size, 0);
  t.end();
});

t.test('issuers nobody configured are bounded', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  for (let i = 0; i < 80; i++) hello(world, `i${i}`, [`https://other-${i}.test`]);
  t.equal(world.state.fleet.groups.size, 65);
  t.match(hello(world, 'last', ['https://one-more.test']), /none of them is configured/);
  t.equal(hello(world, 'last', ['https://one-more.test', ISSUER]), '');
  t.end();
});
