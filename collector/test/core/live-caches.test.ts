import t from 'tap';
import { countLive, decidesWith, type LiveCaches } from '../../src/core/live-caches.ts';

t.test('only a cache of the other kind has no say', (t) => {
  const rows = [
    ['any', 'public', true],
    ['any', 'secret', true],
    ['public', 'public', true],
    ['public', 'secret', false],
    ['secret', 'secret', true],
    ['secret', 'public', false],
  ] as const;
  for (const [what, kind, expected] of rows) t.equal(decidesWith(what, kind), expected);
  t.end();
});

t.test('live caches are counted by instance and by kind', (t) => {
  const live: LiveCaches = {
    liveCaches: new Map(),
    liveByKind: { public: new Map(), secret: new Map() },
  };
  const counts = () => [
    [...live.liveCaches],
    [...live.liveByKind.public],
    [...live.liveByKind.secret],
  ];
  countLive(live, 'any', 'a', 1);
  t.same(counts(), [[['a', 1]], [['a', 1]], [['a', 1]]]);
  countLive(live, 'public', 'a', 1);
  countLive(live, 'secret', 'b', 1);
  t.same(counts(), [
    [
      ['a', 2],
      ['b', 1],
    ],
    [['a', 2]],
    [
      ['a', 1],
      ['b', 1],
    ],
  ]);
  countLive(live, 'public', 'a', -1);
  countLive(live, 'secret', 'b', -1);
  t.same(counts(), [[['a', 1]], [['a', 1]], [['a', 1]]], 'nobody is left as nothing');
  countLive(live, 'any', 'a', -1);
  t.same(counts(), [[], [], []]);
  t.end();
});
