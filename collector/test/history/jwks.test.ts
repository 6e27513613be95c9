import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import t from 'tap';
import { keyDifference } from '../../src/history/jwks-events.ts';
import { ISSUER, keyOf, NEW, OLD, VANTAGE } from '../support/policies.ts';
import { Recording } from './recording.ts';

function told(made: Recording): string[] {
  const stretch = { fromMs: 0, toMs: made.world.atMs, limit: 2_000 };
  return made.history.jwksEvents(ISSUER, stretch).map(({ event }) => {
    if (event.what === 'failing') return `failing: ${event.error}, ${event.message}`;
    if (event.what === 'readable') return event.what;
    const { added, removed, changed, keyCount, more, first } = event;
    const named = [
      ...added.map((kid) => `+${kid}`),
      ...removed.map((kid) => `-${kid}`),
      ...changed.map((kid) => `~${kid}`),
    ];
    const rest = more > 0 ? ` and ${more} more` : '';
    return `${first ? 'first ' : ''}${keyCount} keys ${named.join(' ')}${rest}`.trim();
  });
}

t.test('what an address served, and when it could not be read', async (t) => {
  const made = new Recording();
  const serve = (...keys: readonly KeyRef[]): void => {
    made.world.sight(keys);
    made.seconds(1);
  };
  serve(OLD);
  serve(OLD);
  serve(OLD, NEW);
  serve(NEW, OLD);
  made.world.sightFailure('expected status 200, got 500');
  made.seconds(1);
  made.world.sightFailure('expected status 200, got 502\u001b[2J\u202e');
  made.seconds(1);
  serve(NEW, OLD);
  made.world.sightFailure('x'.repeat(500));
  made.seconds(1);
  serve(NEW);
  serve(keyOf('new', 'other material'));
  const events = [
    'first 1 keys',
    '2 keys +new',
    'failing: status, expected status 200, got 500',
    'readable',
    `failing: status, ${'x'.repeat(200)}`,
    'readable',
    '1 keys -old',
    '1 keys ~new',
  ];
  t.strictSame(told(made), events);

  // What changed while nobody looked shows afterwards.
  made.history.close();
  made.world.restart();
  made.open();
  serve(keyOf('new', 'other material'));
  t.strictSame(told(made), events);
  made.history.close();
  made.world.restart();
  made.open();
  serve(OLD);
  t.strictSame(told(made).slice(events.length), ['1 keys +old -new']);
});

t.test('other vantages are told apart', async (t) => {
  const made = new Recording();
  made.world.sight([OLD]);
  made.seconds(1);
  const { vantage } =
    made.history.jwksEvents(ISSUER, { fromMs: 0, toMs: 1e15, limit: 1 })[0]?.event ?? {};
  t.equal(vantage, VANTAGE);
});

t.test('a document of hundreds of keys in another order each time is one event', async (t) => {
  const made = new Recording();
  const many = Array.from({ length: 300 }, (_, at) => keyOf(`k${at}`));
  for (let turn = 0; turn < 20; turn += 1) {
    made.world.sight(many.toSorted(() => (turn % 2 === 0 ? 1 : -1)));
    made.seconds(1);
  }
  t.strictSame(told(made), ['first 300 keys']);
  made.world.sight(many.slice(200));
  made.seconds(1);
  t.match(told(made)[1], /^100 keys( -k\d+){64} and 136 more$/);
});

t.test('differences by kid', async (t) => {
  const twice = keyOf('twice');
  const other = keyOf('twice', 'other');
  const cases = [
    [[], [], {}],
    [[OLD], [OLD], {}],
    [[OLD], [OLD, NEW], { added: ['new'] }],
    [[OLD, NEW], [NEW], { removed: ['old'] }],
    [[OLD], [NEW], { added: ['new'], removed: ['old'] }],
    [[twice], [other], { changed: ['twice'] }],
    [[twice], [twice, other], { changed: ['twice'] }],
    [[twice, other], [other, twice], {}],
    [[OLD], [{ ...OLD, alg: 'ES256' }], { changed: ['old'] }],
    [[], [{ ...OLD, kid: '__proto__' }], { added: ['__proto__'] }],
  ] as const;
  for (const [before, after, difference] of cases) {
    const none = { added: [], removed: [], changed: [] };
    t.strictSame(keyDifference(before, after), { ...none, ...difference });
  }
});
