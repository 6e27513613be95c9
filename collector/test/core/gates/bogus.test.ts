import t from 'tap';
import { rejectsBogus } from '../../../src/core/gates/bogus.ts';
import { ISSUER, NEW, OLD } from '../../support/policies.ts';
import { KNOWS, ProbingWorld, TAKES_ANYTHING } from '../../support/probing.ts';
import { reading, readingOf } from '../../support/reading.ts';

const OF = ['rejects_bogus'];
const NONE = ['pass evidence rejects_bogus: no verifier is known to accept a bogus signature'];

function probed(service: ConstructorParameters<typeof ProbingWorld>[0] = {}): ProbingWorld {
  const world = new ProbingWorld(service);
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(TAKES_ANYTHING);
  return world;
}

t.test('one that takes a token nobody signed closes every gate on the way', (t) => {
  const world = probed();
  const lines = [
    'fail evidence rejects_bogus: 1 verifier accepted a token with a signature that nobody made | since 00:01:32Z | help: make orders verify signatures, then probe it again: keyturn rotation canary r-1 --next FILE --current FILE',
    '  orders/a/jwks accepts_bogus since 00:01:32Z: accepted a token with a signature that nobody made at 00:01:32Z',
  ];
  for (const gate of ['publish', 'activate', 'retire', 'purge'] as const) {
    t.same(reading(world.gate(world.rotationId, gate), OF), lines, gate);
  }
  t.same(reading(world.gate(world.rotationId, 'rollback'), OF), [], 'rollback');
  t.end();
});

t.test('until it refuses one', (t) => {
  const world = probed();
  world.pass(60_000);
  world.probe(KNOWS);
  t.same(reading(world.gate(world.rotationId, 'activate'), OF), NONE);
  t.end();
});

t.test('one that need not be asked, has gone, or took a token of another issuer', (t) => {
  const optional = probed({ required: false });
  t.same(reading(optional.gate(optional.rotationId, 'activate'), OF), NONE);

  const gone = probed();
  gone.a.goodbye();
  t.same(reading(gone.gate(gone.rotationId, 'activate'), OF), NONE);

  const world = probed();
  const rotation = world.state.rotations.get(world.rotationId);
  if (rotation === undefined) throw new Error('no rotation');
  t.equal(rejectsBogus(world.state, rotation).status, 'fail');
  const other = { ...rotation, issuer: `${ISSUER}/other` };
  t.same(readingOf(rejectsBogus(world.state, other)), NONE);
  t.end();
});
