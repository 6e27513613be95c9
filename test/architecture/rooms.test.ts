import t from 'tap';
import { breaches, type SourceFile } from './rooms.ts';
import { textOf, trackedFiles } from './tree.ts';

const AT = 'collector/src/core/rule.ts';

/** A snippet, where it stands, and the breach it is. */
const BAD: readonly (readonly [path: string, text: string, breach: string])[] = [
  [
    'agent/src/a.ts',
    "import { step } from '@keyturn/collector/core/step.ts';",
    'agent imports collector',
  ],
  [
    'agent/src/a.ts',
    "import type { State } from '../../collector/src/core/state.ts';",
    'agent imports collector',
  ],
  ['collector/src/a.ts', "export * from '@keyturn/agent';", 'collector imports agent'],
  [
    'collector/src/a.ts',
    "const agent = await import('@keyturn/agent');",
    'collector imports agent',
  ],
  ['shared/src/a.ts', "import '@keyturn/agent';", 'shared imports agent'],
  ['shared/src/a.ts', "import { x } from '@keyturn/collector/x.ts';", 'shared imports collector'],
  [
    'agent/src/a.ts',
    "import { x } from '../../shared/src/x.ts';",
    'reaches into another package by path',
  ],
  ['agent/src/a.ts', "import { x } from '../../elsewhere/x.ts';", 'leads out of the rooms'],
  [
    'shared/src/a.ts',
    "import { x } from '@keyturn/shared/x.ts';",
    'imports its own package by name',
  ],
  [
    'agent/test/a.test.ts',
    "import { x } from '@keyturn/collector/x.ts';",
    'agent imports collector',
  ],
  [
    'agent/src/a.ts',
    "import { Report } from '@keyturn/shared/wire/gen/keyturn/v1/fleet.ts';",
    'generated code is behind shared/src/wire',
  ],
  [
    'shared/src/model/a.ts',
    "import { Report } from '../wire/gen/keyturn/v1/fleet.ts';",
    'generated code is behind shared/src/wire',
  ],
  [AT, "import { log } from '../events.ts';", 'core imports the rest of the collector'],
  [AT, "import { openHistory } from '../history/history.ts';", 'core imports history'],
  [
    'collector/src/engine.ts',
    "import type { History } from './history/history.ts';",
    'decides by history',
  ],
  [
    AT,
    "import { codec } from '@keyturn/shared/wire/codec.ts';",
    'core imports something other than shared/model',
  ],
  [AT, "import { readFileSync } from 'node:fs';", 'core imports something other than shared/model'],
  [AT, "import { z } from 'zod';", 'core imports something other than shared/model'],
  [AT, 'const now = Date.now();', 'core uses Date.now'],
  [AT, 'const now = Date\n  .now();', 'core uses Date.now'],
  [AT, 'const now = new Date(nowMs);', 'core uses new Date'],
  [AT, 'const now = performance.now();', 'core uses performance'],
  [AT, 'setTimeout(act, 5);', 'core uses a timer'],
  [AT, 'const id = Math.random();', 'core uses chance'],
  [AT, 'const id = crypto.randomUUID();', 'core uses chance'],
  [AT, 'export const f = async () => 1;', 'core uses async'],
  [AT, 'await later();', 'core uses await'],
  [AT, 'let x: Promise<void>;', 'core uses Promise'],
  [AT, 'process.exit(1);', 'core uses process'],
  [AT, "console.log('x');", 'core uses console'],
  [AT, 'const text = `now ${Date.now()}`;', 'core uses Date.now'],
  [
    'agent/src/config.ts',
    "const port = process.env['PORT'];",
    'process.env is read in main.ts only',
  ],
  [
    'agent/src/config.ts',
    "const port = process['env'].PORT;",
    'process.env is read in main.ts only',
  ],
  ['agent/src/config.ts', 'const { env, argv } = process;', 'process.env is read in main.ts only'],
  [
    'agent/src/config.ts',
    "import { env } from 'node:process';",
    'process.env is read in main.ts only',
  ],
  [
    'test/demo/settings.ts',
    'const port = process.env.PORT;',
    'process.env is read in main.ts only',
  ],
  [
    'agent/src/a.ts',
    'await using sidecar = await start();',
    'Node.js 22 has no using declarations',
  ],
  [
    'shared/src/a.ts',
    'const s = new AsyncDisposableStack();',
    'Node.js 22 has no disposable stacks',
  ],
  [
    'collector/src/dashboard/app.tsx',
    "import { statusView } from '../api/views/status.ts';",
    'the dashboard imports code of the collector',
  ],
  [
    'collector/src/api/http-api.ts',
    "import { routeOf } from '../dashboard/route.ts';",
    'the collector imports the dashboard',
  ],
  ['shared/src/utils.ts', '', 'name says nothing of what is in it'],
  ['agent/src/string-helpers.ts', '', 'name says nothing of what is in it'],
  ['collector/src/types.ts', '', 'name says nothing of what is in it'],
  ['collector/src/common/clock.ts', '', 'name says nothing of what is in it'],
  ['agent/src/session-manager.ts', '', 'name says nothing of what is in it'],
];

const GOOD: readonly (readonly [path: string, text: string])[] = [
  [
    'collector/src/dashboard/app.tsx',
    "import type { StatusView } from '../api/schemas/status.ts';",
  ],
  ['agent/src/a.ts', "import type { Report } from '@keyturn/shared/model/report.ts';"],
  ['agent/src/main.ts', "const port = process.env['PORT'];"],
  ['test/demo/main.ts', 'const port = process.env.PORT;'],
  ['test/scenarios/a.test.ts', "import { Agent } from '@keyturn/agent';\nprocess.env.PORT;"],
  ['test/bench/a.ts', "import { x } from '../../agent/src/ledger/x.ts';"],
  [AT, "const face = '\u{1f600}'; // Date.now()\nconst x = 1;"],
  ['shared/src/wire/a.ts', "import { Report } from './gen/keyturn/v1/fleet.ts';"],
  [AT, "import type { Gate } from '@keyturn/shared/model/verdict.ts';"],
  [AT, "import { ready } from './ready.ts';"],
  ['collector/src/api/a.ts', "import type { History } from '../history/history.ts';"],
  [AT, '// never Date.now()\n/* await Promise */ const awaited = 1;'],
  [AT, "const text = 'process.exit and console.log'; const like = /new Date/;"],
  [
    AT,
    'const text = `await ${count} of ${`new Date ${all}`} async`; const half = all / 2; const third = all / 3;',
  ],
  [AT, 'const promised = gate.process; const fetched = set.fetch(now);'],
  ['agent/src/a.ts', 'const example = "import { x } from \'@keyturn/collector\'";'],
  ['shared/src/typesetting.ts', ''],
  ['agent/test/a.test.ts', 'await using sidecar = await start();'],
  ['agent/src/a.ts', "const using = 'a'; // await using x = y"],
];

t.test('the checker sees a breach', (t) => {
  for (const [path, text, breach] of BAD) {
    t.match(breaches([{ path, text }]), [new RegExp(` ${breach}`)], `${path}: ${text}`);
  }
  t.end();
});

t.test('and nothing where there is none', (t) => {
  for (const [path, text] of GOOD) t.same(breaches([{ path, text }]), [], `${path}: ${text}`);
  t.end();
});

t.test(
  'it sees imports that go round, over several files, unless types alone close the circle',
  (t) => {
    const circle: readonly SourceFile[] = [
      { path: 'agent/src/a.ts', text: "import { b } from './b.ts';" },
      { path: 'agent/src/b.ts', text: "import { c } from './inner/c.ts';" },
      { path: 'agent/src/inner/c.ts', text: "import { type A } from '../a.ts';" },
    ];
    const round = 'agent/src/a.ts -> agent/src/b.ts -> agent/src/inner/c.ts -> agent/src/a.ts';
    t.same(breaches(circle), [`agent/src/a.ts:1 imports go round: ${round}`]);
    t.same(breaches(circle.slice(0, 2)), []);
    const closing = { path: 'agent/src/inner/c.ts', text: "import type { A } from '../a.ts';" };
    t.same(breaches([...circle.slice(0, 2), closing]), []);
    t.end();
  },
);

t.test('the rooms are kept', (t) => {
  const files = trackedFiles()
    .filter((path) => /\.(?:ts|tsx|mts|mjs|js)$/.test(path) && !path.includes('/wire/gen/'))
    .flatMap((path) => {
      const text = textOf(path);
      return text === undefined ? [] : [{ path, text }];
    });
  t.ok(files.length > 50, `${files.length} files read`);
  t.ok(
    files.some(({ path }) => path.startsWith('collector/src/core/')),
    'the core is among them',
  );
  t.same(breaches(files), []);
  t.end();
});
