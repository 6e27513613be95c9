import t from 'tap';
import { emptyFleet, enrol, forget } from '../../../src/core/fleet.ts';
import { lapsedProbes, noteProbes } from '../../../src/core/probes/probed-sets.ts';
import { probesOfNextBoot } from '../../../src/core/probes/probes.ts';
import { isSameKey, outcomeOf, readingOf, refusesBogus } from '../../../src/core/probes/reading.ts';
import type { HeldProbe } from '../../../src/core/probes/record.ts';
import { lastProbedAtMs, takesAnything } from '../../../src/core/probes/record.ts';
import type { VerifierRecord } from '../../../src/core/records.ts';
import { NEW, policyOf, serviceOf } from '../../support/policies.ts';
import { answersOf, KNOWS } from '../../support/probing.ts';

function held(
  endMs: number | null,
  part: Partial<HeldProbe> & { readonly atMs?: number } = {},
): HeldProbe {
  const { atMs = 1, ...rest } = part;
  return {
    issuer: 'https://issuer.test',
    latest:
      endMs === null
        ? null
        : { rotationId: 'r', key: NEW, atMs, validUntilMs: endMs, answers: answersOf(KNOWS) },
    refusedNew: null,
    bogusAcceptedAtMs: null,
    ...rest,
  };
}

const policy = policyOf([serviceOf('orders')]);

function begin(...probesOfEach: readonly (readonly HeldProbe[])[]) {
  const fleet = emptyFleet(policy, 0);
  const verifiers = probesOfEach.map((probes, at) => {
    const record = {
      id: { service: 'orders', instance: `i${at}`, cache: 'jwks' },
      profile: '',
      source: 'in_process',
      issuers: [],
      cacheKind: 'any',
      probes,
    } as unknown as VerifierRecord;
    return enrol(fleet, policy, record, 'reporting', 0);
  });
  const lapsed = (nowMs: number) =>
    lapsedProbes(fleet, nowMs).map(({ record }) => record.id.instance);
  return { fleet, verifiers, lapsed };
}

t.test(
  'who was probed, and who takes anything, is known without looking through the fleet',
  (t) => {
    const { fleet, verifiers } = begin(
      [],
      [held(100)],
      [held(null), held(50, { bogusAcceptedAtMs: 3 })],
    );
    const [none, one, two] = verifiers;
    if (none === undefined || one === undefined || two === undefined)
      throw new Error('no verifiers');
    t.same([...fleet.probed], [one, two]);
    t.same([...fleet.takesAnything], [two]);
    t.equal(fleet.probeLapsesAtMs, 50);
    two.record = { ...two.record, probes: [] };
    noteProbes(fleet, two);
    t.same([...fleet.probed], [one]);
    t.same([...fleet.takesAnything], []);
    one.record = { ...one.record, probes: [held(100, { bogusAcceptedAtMs: 3 })] };
    noteProbes(fleet, one);
    t.same([...fleet.takesAnything], [one]);
    forget(fleet, one);
    t.same([...fleet.probed, ...fleet.takesAnything], []);
    t.end();
  },
);

t.test('whose probe has ceased to count is told when it does, once', (t) => {
  const { fleet, lapsed } = begin(
    [held(100), held(300, { issuer: 'x' })],
    [held(200)],
    [held(null)],
  );
  t.equal(fleet.probeLapsesAtMs, 100);
  t.same(lapsed(99), []);
  t.equal(fleet.probeLapsesAtMs, 100);
  t.same(lapsed(100), ['i0'], 'one of two is enough');
  t.equal(fleet.probeLapsesAtMs, 200);
  t.same(lapsed(199), []);
  t.same(lapsed(200), ['i0', 'i1']);
  t.equal(fleet.probeLapsesAtMs, 300);
  t.same(lapsed(250), []);
  t.same(lapsed(300), ['i0', 'i1']);
  t.equal(fleet.probeLapsesAtMs, Infinity);
  t.same(lapsed(1_000_000), []);
  t.end();
});

t.test('when it was last probed, by what is on record', (t) => {
  t.equal(lastProbedAtMs([]), null);
  t.equal(lastProbedAtMs([held(null)]), null);
  t.equal(lastProbedAtMs([held(9, { atMs: 5 }), held(null), held(9, { atMs: 3 })]), 5);
  const { verifiers } = begin([held(9, { atMs: 5 })], []);
  t.same(
    verifiers.map(({ probedAtMs }) => probedAtMs),
    [5, null],
    'a restart keeps to its pace',
  );
  t.end();
});

t.test('it takes anything if it did for any issuer', (t) => {
  t.equal(takesAnything([]), false);
  t.equal(takesAnything([held(null)]), false);
  t.equal(takesAnything([held(null), held(null, { bogusAcceptedAtMs: 0 })]), true);
  t.end();
});

t.test('of a process that is gone, only that it took anything', (t) => {
  const refused = { key: NEW, atMs: 1 };
  t.same(
    probesOfNextBoot([
      held(9, { bogusAcceptedAtMs: 5, refusedNew: refused }),
      held(9, { issuer: 'x', refusedNew: refused }),
    ]),
    [held(null, { bogusAcceptedAtMs: 5 })],
  );
  t.end();
});

t.test('keys and answers are told apart by all they say', (t) => {
  const key = { kid: 'a', thumbprint: 'x' };
  t.equal(isSameKey(key, { ...key }), true);
  t.equal(isSameKey(key, { ...key, kid: 'b' }), false);
  t.equal(isSameKey(key, { ...key, thumbprint: 'y' }), false);
  const answers = answersOf(['accepted', 'unreachable', 'rejected']);
  t.same(
    (['next', 'current', 'bogus'] as const).map((role) => outcomeOf(answers, role)),
    ['accepted', 'unreachable', 'rejected'],
  );
  t.equal(outcomeOf([], 'next'), undefined);
  t.equal(refusesBogus(answers), false);
  t.equal(refusesBogus(answersOf([null, 'accepted', 'rejected'])), true);
  t.equal(refusesBogus(answersOf([null, 'accepted', 'accepted'])), false);
  t.equal(readingOf(answersOf(['unreachable', 'accepted', 'rejected'])), 'unclear');
  t.end();
});
