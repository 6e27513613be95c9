import t from 'tap';
import { textOf, trackedFiles } from './tree.ts';

/** What belongs to one machine or one workplace, and has no business in the repository. */
const FOREIGN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a path of one machine', /(?<![\w.~-])\/(?:work|root|Users|home\/\w+)\/[\w.-]+/],
  [
    'a package registry',
    /\bhttps?:\/\/[^\s/"'`]*(?:registry|artifactory|nexus|verdaccio|npmjs)[^\s"'`]*/i,
  ],
  ['a package registry', /\bregistry\.(?:npmjs\.org|yarnpkg\.com)\b/],
  ['a registry setting', /^\s*(?:registry|@[\w-]+:registry)\s*=/m],
];

const BINARY = /\.(?:png|jpe?g|gif|ico|woff2?|db|sqlite|tgz|gz)$/;

function foreignIn(text: string): readonly string[] {
  return FOREIGN.flatMap(([what, pattern]) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`${what}: ${found.trim()}`];
  });
}

t.test('the check sees what it is for', (t) => {
  const bad = [
    ['see ', '', 'work', 'main', 'README.md'].join('/').replace('see /', 'see '),
    `"${['', 'home', 'someone', 'src'].join('/')}"`,
    ['https:', '', 'registry.example.com', 'left-pad'].join('/'),
    ['https:', '', 'npm.registry.example', ''].join('/'),
    ['registry', 'npmjs', 'org'].join('.'),
    ['registry', ' http'].join(' ='),
  ];
  for (const text of bad) t.not(foreignIn(text).length, 0, text);
  const good = ['a/work/b', 'https://issuer.example/home/jwks', 'registry of agents', './root/x'];
  for (const text of good) t.same(foreignIn(text), [], text);
  t.end();
});

t.test('no file names one machine', (t) => {
  const found = trackedFiles()
    .filter((path) => !BINARY.test(path))
    .flatMap((path) => foreignIn(textOf(path) ?? '').map((what) => `${path}: ${what}`));
  t.same(found, []);
  t.end();
});
