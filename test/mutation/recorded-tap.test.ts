import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { found } from '../docs/documents.ts';
import { REPOSITORY } from '../harness/programs.ts';
import { AssertionFailed, RecordedTest } from './recorded-tap.ts';

t.test('it knows every method that tests of the core use', async (t) => {
  const used = new Set<string>();
  for (const file of await found(['collector/test/{core,support}/**/*.ts'])) {
    const source = await readFile(join(REPOSITORY, file), 'utf8');
    for (const [, method = ''] of source.matchAll(/(?<![\w.])t\.(\w+)\(/g)) used.add(method);
  }
  t.ok(used.size > 5, [...used].join(', '));
  for (const method of used) t.ok(method in RecordedTest.prototype, method);
});

t.test('an assertion that fails ends its test, and one that holds does not', async (t) => {
  const bodies: readonly (readonly [string, boolean, (it: RecordedTest) => unknown])[] = [
    ['equal', true, (it) => it.equal(1, 1)],
    ['equal', false, (it) => it.equal(1, 2)],
    ['type', true, (it) => it.type(1, 'number')],
    ['type', false, (it) => it.type(null, 'number')],
    ['same', true, (it) => it.same({ a: [1] }, { a: [1] })],
    ['same', false, (it) => it.same({ a: [1] }, { a: [2] })],
    ['match', true, (it) => it.match('abc', /b/)],
    ['match', false, (it) => it.match({ a: 1 }, { b: 1 })],
    ['throws', true, (it) => it.throws(() => JSON.parse('{'))],
    ['throws', false, (it) => it.throws(() => 1)],
    ['inner test', false, (it) => void it.test('inner', INNER)],
    [
      'later test',
      false,
      (it) => void it.test('later', async (inner: RecordedTest) => INNER(inner)),
    ],
  ];
  for (const [name, holds, body] of bodies) {
    const ended = await (async () => new RecordedTest().run(body))().then(
      () => 'held',
      (error: unknown) => (error instanceof AssertionFailed ? 'failed' : error),
    );
    t.equal(ended, holds ? 'held' : 'failed', name);
  }
});

const INNER = (it: RecordedTest): void => it.ok(false);
