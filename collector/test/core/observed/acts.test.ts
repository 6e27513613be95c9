import t from 'tap';
import { DECLARE, START } from '../../support/acts.ts';
import { keyOf, NEW, OLD } from '../../support/policies.ts';
import { auditOf, observedNow, observing, openOnes, theOpen } from '../../support/observing.ts';

const STEPS = ['publish', 'activate', 'retire', 'rollback', 'taint', 'complete'] as const;

/** Two verifiers, and a key that appeared by itself. */
function appeared(control: 'ours' | 'third_party') {
  const observed = observing({ control });
  observed.world.served = [OLD, NEW];
  observed.world.pass(30_000);
  return { ...observed, id: theOpen(observed.world).id };
}

t.test('no step of an observed rotation is declared, whatever the reason', (t) => {
  const rows = [
    [
      'third_party',
      /(?:is seen and not declared|is not for us to declare): nobody here controls https:\/\/issuer.test/,
    ],
    ['ours', /keyturn rotation start --issuer https:\/\/issuer.test --alg RS256 --new-kid new/],
  ] as const;
  for (const [control, message] of rows) {
    const { world, id } = appeared(control);
    for (const step of STEPS) {
      const result = world.act({ ...DECLARE, rotationId: id, step, overrideReason: 'because' });
      t.match(result, { ok: false, refusal: { code: 'conflict', field: 'step', message } }, step);
    }
    t.match(theOpen(world), { id, declared: {}, switchedAtMs: null, tainted: false });
  }
  t.end();
});

t.test('a named person dismisses it with a reason, and it does not come back', (t) => {
  const { world, id } = appeared('third_party');
  t.match(world.declare(id, 'abort'), {
    ok: false,
    refusal: { code: 'invalid', field: 'reason', message: /expected a reason/ },
  });
  t.match(world.declare(id, 'abort', 'a standby key'), {
    ok: true,
    rotation: { outcome: 'aborted', endedBecause: 'dismissed by tester: a standby key' },
  });
  t.match(auditOf(world, 'declare_abort').at(-1), {
    actor: 'tester',
    message: 'declares abort: a standby key',
  });
  world.pass(60_000);
  world.restart();
  world.pass(60_000);
  t.same(observedNow(world), []);
  t.equal(world.gate(id, 'activate').status, 'aborted');
  t.end();
});

t.test('people vouch and waive as for any rotation', (t) => {
  const { world, id } = appeared('third_party');
  t.ok(world.waive(id, 'activate', 'new_key_known').ok);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.match(world.attest(id, 'orders'), { ok: false, refusal: { message: /judged by evidence/ } });
  t.end();
});

t.test('`start` takes over what was observed of the same key, under its own id', (t) => {
  const { world, id } = appeared('ours');
  const started = world.start();
  t.match(
    openOnes(world).map((rotation) => [rotation.id, rotation.origin]),
    [[started, 'declared']],
  );
  t.match(world.state.rotations.get(id), {
    outcome: 'aborted',
    endedBecause: `rotation ${started}, started by tester, takes its place`,
  });
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  const activate = world.gate(started, 'activate');
  t.match([activate.status, activate.advisory], ['open', false]);
  t.ok(world.declare(started, 'activate').ok);
  t.end();
});

t.test('`start` to another key ends what was observed, unless its key is in use', (t) => {
  const { world, a, id } = appeared('ours');
  const third = { ...START, id: 'r-9', oldKid: 'old', newKid: 'third' };
  a.report({
    keys: [OLD, NEW],
    counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS: world.atMs / 1_000 }],
  });
  world.pass(1_000);
  t.match(world.act(third), {
    ok: false,
    refusal: {
      code: 'conflict',
      message: /changing from old to new unannounced .*keyturn rotation abort/,
    },
  });
  t.equal(theOpen(world).id, id);

  const unused = appeared('ours');
  t.match(unused.world.act(third), { ok: true, rotation: { id: 'r-9' } });
  t.equal(theOpen(unused.world).id, 'r-9');
  t.end();
});

t.test('a key that a started rotation names opens nothing, before and after its end', (t) => {
  const { world } = observing({ control: 'ours' });
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(60_000);
  t.equal(theOpen(world).id, id);
  t.ok(world.declare(id, 'abort').ok);
  world.pass(60_000);
  t.same(openOnes(world), []);
  world.served = [OLD, NEW, keyOf('third')];
  world.pass(60_000);
  t.same(observedNow(world), ['old>third'], 'another does');
  t.end();
});

t.test('a refused `start` leaves the observed rotation as it was', (t) => {
  const { world, id } = appeared('ours');
  t.match(world.act({ ...START, oldKid: 'nobody' }), { ok: false });
  t.equal(theOpen(world).id, id);
  t.end();
});

t.test('nobody starts a rotation of an issuer that somebody else runs', (t) => {
  const { world, id } = appeared('third_party');
  t.match(world.act(START), {
    ok: false,
    refusal: { code: 'conflict', field: 'issuer', message: /nobody here controls .*control: ours/ },
  });
  t.equal(theOpen(world).id, id);
  t.end();
});
