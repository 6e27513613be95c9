import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { memoryReceiptKeys } from '../support/receipts.ts';
import { OLD_KEY, startRig } from '../api/rig.ts';
import { runHere, tokenFile } from './run.ts';

t.test(
  'a report in three formats, and its receipt verified with and without the collector',
  async (t) => {
    const rig = await startRig();
    t.teardown(() => rig.close());
    await rig.sight(OLD_KEY);
    const rotation = await rig.start();
    await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
      body: { step: 'abort', by: 'ana' },
    });
    const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN_FILE: tokenFile() };
    const directory = t.testdir();
    const at = (name: string) => path.join(directory, name);

    const markdown = await runHere(['report', rotation], env);
    t.match(markdown, { code: 0, err: '', out: /^# Evidence report of rotation r-/ });
    t.match(
      await runHere(['report', rotation, '--format', 'json', '--to', at('report.json')], env),
      {
        code: 0,
        out: '',
        err: '',
      },
    );
    t.match(JSON.parse(readFileSync(at('report.json'), 'utf8')), {
      rotation: { outcome: 'aborted' },
    });
    const both = ['--to', at('report.json'), '--receipt', at('receipt.jws')];
    t.match(await runHere(['report', rotation, '--format', 'json', ...both], env), {
      code: 0,
      out: '',
    });
    t.match(await runHere(['report', rotation, '--format', 'jws'], env), {
      code: 0,
      out: /^[\w-]+\.[\w-]+\.[\w-]+\n$/,
    });
    const receipt = readFileSync(at('receipt.jws'), 'utf8');

    const asJson = await runHere(['report', '--rotation', rotation, '--format', 'json'], env);
    t.equal(asJson.out, readFileSync(at('report.json'), 'utf8'), 'named as elsewhere');

    const online = await runHere(['report', 'verify', at('receipt.jws')], env);
    t.match(online, { code: 0, err: '', out: /^valid receipt\n/ });
    t.match(online.out, /The key came from the collector just now/);
    t.match(online.out, /not compared with a report/);

    const jwks = await rig.call('GET', '/.well-known/jwks.json');
    writeFileSync(at('jwks.json'), jwks.text);
    const offline = await runHere(
      [
        'report',
        'verify',
        at('receipt.jws'),
        '--jwks',
        at('jwks.json'),
        '--report',
        at('report.json'),
      ],
      { KEYTURN_COLLECTOR: 'http://127.0.0.1:2' },
    );
    t.match(offline, { code: 0, err: '', out: /report\.json is the report it is of/ });
    t.match(offline.out, /aborted at 20\d\d-/);

    const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
    writeFileSync(at('changed.json'), JSON.stringify({ ...report, acts_left_out: 1 }));
    writeFileSync(at('cut.jws'), receipt.slice(0, -20));
    writeFileSync(at('other.json'), JSON.stringify(memoryReceiptKeys().jwks));
    writeFileSync(at('list.json'), '[]');
    const jwksFile = ['--jwks', at('jwks.json')];
    const table: readonly [string[], number, RegExp][] = [
      [
        [at('receipt.jws'), ...jwksFile, '--report', at('changed.json')],
        1,
        /NOT a valid receipt: its signature holds, but it is of another report/,
      ],
      [[at('cut.jws'), ...jwksFile], 1, /NOT a valid receipt/],
      [[at('receipt.jws'), '--jwks', at('other.json')], 1, /none of the given keys signed it/],
      [[at('report.json'), ...jwksFile], 1, /NOT a valid receipt/],
      [[at('receipt.jws'), '--jwks', at('list.json')], 2, /holds no JWKS/],
      [[at('receipt.jws'), '--jwks', at('receipt.jws')], 2, /is not JSON/],
      [[at('receipt.jws'), '--jwks', at('nothing.json')], 2, /cannot be read/],
      [[at('nothing.jws'), ...jwksFile], 2, /cannot be read/],
      [[at('receipt.jws'), '--collector', 'http://127.0.0.1:2'], 4, /no collector/],
      [[], 2, /missing required argument/],
    ];
    const told = async (file: string) => {
      const run = await runHere(['report', 'verify', at(file), ...jwksFile, '-o', 'json'], env);
      return { code: run.code, ...JSON.parse(run.out) };
    };
    t.match(await told('receipt.jws'), { code: 0, valid: true, claims: { sub: rotation } });
    t.match(await told('cut.jws'), { code: 1, valid: false, reason: /signature/ });
    for (const [args, code, message] of table) {
      const result = await runHere(['report', 'verify', ...args], env);
      t.match(
        `${result.out}${result.err}`,
        message,
        args.map((arg) => path.basename(arg)).join(' '),
      );
      t.equal(result.code, code);
    }
  },
);

t.test('reports that there cannot be', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url };
  t.match(await runHere(['report', 'x', '--receipt', 'r.jws'], env), {
    code: 2,
    err: /--receipt means something only with --format json/,
  });
  t.match(await runHere(['report', 'r-nobody'], env), { code: 1, err: /no rotation with this id/ });
  t.match(await runHere(['report'], env), { code: 2, err: /no rotation is open/ });
  t.match(await runHere(['report', 'x', '--format', 'pdf'], env), {
    code: 2,
    err: /Allowed choices are md, json, jws/,
  });
  t.match(await runHere(['report', 'x', '--collector', 'http://127.0.0.1:2'], env), { code: 4 });
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  t.match(await runHere(['report', '--to', '/nowhere/report.md'], env), {
    code: 1,
    err: /\/nowhere\/report.md cannot be written/,
  });
  t.match(await runHere(['report'], env), { code: 0, out: new RegExp(`rotation ${rotation}`) });
  t.match(await runHere(['report', rotation, '--rotation', 'r-other'], env), {
    code: 2,
    err: /two rotations are named/,
  });
});
