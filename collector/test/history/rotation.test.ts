import t from 'tap';
import { type GateEvent, gateSpans } from '../../src/history/gate-events.ts';
import type { RotationBucket } from '../../src/history/rotation-bucket.ts';
import type { Drawn } from '../../src/history/history.ts';
import { NEW, OLD } from '../support/policies.ts';
import { Recording } from './recording.ts';

/** Two instances that hold the old key alone, and a rotation that has just begun. */
function rotating(): { made: Recording; id: string; a: Member; b: Member } {
  const made = new Recording({ instances: 2 });
  made.world.sight([OLD]);
  made.world.sight([OLD]);
  const [a, b] = ['a', 'b'].map((instance) => made.world.join('orders', instance)) as [
    Member,
    Member,
  ];
  for (const each of [a, b]) each.report({ keys: [OLD] });
  made.settleIn();
  beat(made, 50);
  const id = made.world.start();
  beat(made, 10);
  return { made, id, a, b };
}

type Member = ReturnType<Recording['world']['join']>;

function beat(made: Recording, seconds: number): void {
  made.seconds(seconds, (second) => {
    if (second % 10 !== 0) return;
    made.world.sight();
    for (const each of made.world.verifiers) each.report(each.said);
  });
}

function drawn(made: Recording, id: string, backS: number): Drawn<RotationBucket> {
  const toS = made.nowS;
  return made.history.rotation(id, { fromS: toS - backS, toS, points: 1_500, stepS: 0 });
}

t.test('the new key is seen to come to the verifiers, and one that loses it again', async (t) => {
  const { made, id, a, b } = rotating();
  made.world.served = [OLD, NEW];
  beat(made, 20);
  a.report({ keys: [OLD, NEW] });
  beat(made, 10);
  b.report({ keys: [OLD, NEW] });
  beat(made, 15);
  b.report({ keys: [OLD] });
  made.seconds(2);
  b.report({ keys: [OLD, NEW] });
  beat(made, 13);
  const samples = drawn(made, id, 70).buckets.map((each) => each?.propagation);
  t.match(samples[0], {
    verifiers: 2,
    knowing: 0,
    lacking: 2,
    byGrade: { stale: 2 },
    byOld: { held: 2 },
  });
  t.strictSame(
    samples.slice(2, -1).map((each) => [each?.knowing, each?.knowingFewest]),
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [2, 1],
      [2, 2],
    ],
  );
  t.match(samples[5], { verifiers: 2, lacking: 0, unheard: 0, byGrade: { present: 2 } });
});

t.test('what gates said, from when to when, and why; as the audit trail has it', async (t) => {
  const { made, id, a, b } = rotating();
  // It is judged with the first tick.
  const judgedAtMs = made.world.atMs - 9_000;
  made.world.served = [OLD, NEW];
  beat(made, 90);
  a.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD, NEW] });
  made.world.gate(id, 'activate');
  const openedAtMs = made.world.atMs;
  // Between two looks a gate closes and opens again.
  made.world.atMs += 300;
  b.report({ keys: [OLD] });
  made.world.gate(id, 'activate');
  made.world.atMs += 300;
  b.report({ keys: [OLD, NEW] });
  made.world.gate(id, 'activate');
  beat(made, 5);
  const spans = gateSpans(made.history.gates(id, made.world.atMs), 'activate', null);
  t.match(spans, [
    { status: 'closed', fromMs: judgedAtMs, toMs: openedAtMs, reason: /not been seen in the JWKS/ },
    { status: 'open', fromMs: openedAtMs, toMs: openedAtMs + 300, reason: '' },
    { status: 'closed', fromMs: openedAtMs + 300, toMs: openedAtMs + 600, reason: /./ },
    { status: 'open', fromMs: openedAtMs + 600, toMs: null, reason: '' },
  ]);
  t.equal(spans.length, 4);
});

t.test('while nobody looks a gate says nothing; afterwards it says it anew', async (t) => {
  const { made, id } = rotating();
  beat(made, 30);
  const stoppedAtMs = made.world.atMs;
  made.history.close();
  made.world.restart({ downMs: 120_000 });
  made.world.verifiers.splice(0);
  made.open();
  made.seconds(30);
  const spans = gateSpans(made.history.gates(id, made.world.atMs), 'activate', null);
  const [before, after] = spans.slice(-2);
  t.equal(before?.status, 'closed');
  t.ok((before?.toMs ?? 0) >= stoppedAtMs && (before?.toMs ?? 0) < stoppedAtMs + 10_000);
  t.equal(after?.status, 'closed');
  t.ok((after?.fromMs ?? 0) >= stoppedAtMs + 120_000);
  t.match(after?.reason, /./);
  const buckets = drawn(made, id, 150).buckets.slice(0, -1);
  t.equal(buckets.filter((each) => each === null).length, 12, 'two minutes have no points');
});

t.test('so it is when the machine slept', async (t) => {
  const { made, id } = rotating();
  const atMs = made.world.atMs;
  made.world.atMs += 60_000;
  beat(made, 10);
  const spans = gateSpans(made.history.gates(id, made.world.atMs), 'publish', null);
  t.match(spans, [{ toMs: atMs }, { fromMs: atMs + 61_000 }]);
});

t.test('spans of events in any order of things', async (t) => {
  const say = (
    atMs: number,
    status: 'open' | 'closed',
    gate: 'activate' | 'retire' = 'activate',
  ) => ({
    atMs,
    event: { v: 1, gate, status, reason: '' } satisfies GateEvent,
  });
  const blind = (atMs: number) => ({ atMs, event: { v: 1, blind: true } satisfies GateEvent });
  const cases = [
    ['nothing', [], null, []],
    ['another gate', [say(1, 'open', 'retire')], null, []],
    ['one', [say(1, 'open')], null, ['open 1-']],
    ['its end', [say(1, 'open')], 9, ['open 1-9']],
    ['two', [say(1, 'open'), say(5, 'closed')], 9, ['open 1-5', 'closed 5-9']],
    ['a gap', [say(1, 'open'), blind(3), say(5, 'open')], null, ['open 1-3', 'open 5-']],
    ['a gap that goes on', [say(1, 'open'), blind(3)], null, ['open 1-3']],
    ['of no length', [say(1, 'open'), say(1, 'closed')], null, ['closed 1-']],
    ['after its end', [say(1, 'open'), say(12, 'closed')], 9, ['open 1-9']],
  ] as const;
  for (const [name, events, endedAtMs, spans] of cases) {
    const found = gateSpans(events, 'activate', endedAtMs);
    t.strictSame(
      found.map(({ status, fromMs, toMs }) => `${status} ${fromMs}-${toMs ?? ''}`),
      spans,
      name,
    );
  }
});

t.test('both keys compared, and an ended rotation keeps what was seen', async (t) => {
  const { made, id, a, b } = rotating();
  made.world.served = [OLD, NEW];
  const counted = { old: 0, new: 0, failed: 0 };
  const fail = (): void => {
    for (const each of [a, b]) {
      each.report({
        keys: [OLD, NEW],
        counts: [
          { kid: 'old', outcomes: { ok: counted.old } },
          { kid: 'new', outcomes: { ok: counted.new, bad_signature: counted.failed } },
        ],
      });
    }
  };
  beat(made, 20);
  fail();
  made.world.declare(id, 'activate', 'a test says so');
  made.seconds(30, () => {
    counted.old += 10;
    counted.new += 10;
    counted.failed += 5;
    fail();
  });
  const marks = drawn(made, id, 20).buckets.map((each) => each?.marks.get('key'));
  t.ok(marks.some((mark) => mark?.firing === true && mark.score >= mark.threshold));
  const endedAtMs = made.world.atMs;
  t.match(made.world.declare(id, 'rollback', 'a test says so'), { ok: true });
  t.match(made.world.declare(id, 'abort', 'a test says so'), { ok: true });
  made.seconds(120);
  const after = drawn(made, id, 180).buckets;
  t.ok(after.slice(0, 5).every((each) => each?.propagation?.verifiers === 2));
  t.ok(
    after.slice(8).every((each) => each === null),
    'no point after its end',
  );
  const spans = gateSpans(made.history.gates(id, made.world.atMs), 'activate', endedAtMs);
  t.equal(spans.at(-1)?.toMs, endedAtMs);
});
