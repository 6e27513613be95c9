import t from 'tap';
import type { Problem } from '../../src/settings/check.ts';
import { readYaml, type YamlFile } from '../../src/settings/yaml-file.ts';

const TEXT = `listen:
  http: 127.0.0.1:1
issuers:
  - issuer: https://a.example
    ca:
  - {issuer: b, alias: c}
`;

function read(text: string): YamlFile {
  const file = readYaml(text);
  if ('problems' in file) throw new Error(JSON.stringify(file.problems));
  return file;
}

t.test('plain data; nothing is an empty mapping', async (t) => {
  t.match(read(TEXT).value, { issuers: [{ ca: null }, { alias: 'c' }] });
  t.same(read('').value, {});
  t.same(read('# nothing\n').value, {});
});

t.test('where everything is', async (t) => {
  const cases: readonly [Problem['path'], Problem['about'], string | undefined][] = [
    [['listen', 'http'], undefined, '2:9'],
    [['listen', 'http'], 'key', '2:3'],
    [['listen'], undefined, '1:1'],
    [['listen', 'grpc'], undefined, '1:1'],
    [['issuers', 0, 'issuer'], undefined, '4:13'],
    [['issuers', 0], undefined, '4:5'],
    [['issuers', 0, 'jwks_uri'], undefined, '4:5'],
    [['issuers', 1, 'alias'], undefined, '6:24'],
    [['issuers', 1, 'alias'], 'key', '6:17'],
    [['issuers', 9], undefined, '3:1'],
    [['policy', 'heartbeat'], undefined, undefined],
    [[], undefined, undefined],
  ];
  const file = read(TEXT);
  for (const [path, about, expected] of cases) {
    const at = file.locate(path, about);
    const found = at === undefined ? undefined : `${at.line}:${at.column}`;
    t.equal(found, expected, `${path.join('.')} ${about ?? ''}`);
  }
});

t.test('what is no YAML', async (t) => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e', 'f']
    .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcde'[i]}`).join(', ')}]`)
    .join('\n')}`;
  const cases: readonly [string, object | undefined, RegExp][] = [
    ['a: 1\na: 2\n', { line: 2, column: 1 }, /^broken YAML: Map keys must be unique/],
    ['a: [1\n', { line: 2, column: 1 }, /^broken YAML: .*flow/i],
    ['a: !!js/function x', { line: 1, column: 4 }, /^broken YAML: Unresolved tag/],
    ['a: 1\n---\nb: 2\n', { line: 2 }, /multiple documents/],
    [bomb, undefined, /^broken YAML: .*alias/i],
    [`#${'x'.repeat(1_100_000)}`, undefined, /^expected at most 1048576 characters, got 1100001$/],
  ];
  for (const [text, at, message] of cases) {
    const file = readYaml(text);
    t.match('problems' in file && file.problems[0], { at, message }, text.slice(0, 30));
  }
});
