import t from 'tap';
import { id, NEW_KEY, OLD_KEY, service, startRig } from '../api/rig.ts';
import { runHere, tokenFile } from './run.ts';

t.test('command lines that cannot be', async (t) => {
  const rows: [string[], RegExp][] = [
    [['gate', 'moon'], /Allowed choices are publish, activate, retire, purge, rollback/],
    [['gate'], /missing required argument 'name'/],
    [['gat', 'activate'], /Did you mean gate\?/],
    [['gate', 'activate', '--wai'], /Did you mean --wait\?/],
    [['gate', 'activate', '--wait', '--timeout', '30'], /Expected a duration with a unit/],
    [['gate', 'activate', '--timeout', '30m'], /--timeout means something only with --wait/],
    [['gate', 'activate', '--wait', '--timeout', '1m', '--stable-for', '2m'], /must not be longer/],
    [['gate', 'activate', '-o', 'yaml'], /Allowed choices are text, json/],
    [['gate', 'activate', '--collector', 'localhost:7460'], /expected an address such as http/],
    [['gate', 'activate', '--collector', 'http://user:pw@localhost:7460'], /without credentials/],
    [['rotation', 'start', '--alg', 'RS256'], /required option '--new-kid <kid>'/],
    [
      ['attest', 'legacy', '--fact', 'fine', '--reason', 'x', '--valid-for', '1d'],
      /Allowed choices are holds_new, rejects_old/,
    ],
    [
      ['attest', 'legacy', '--fact', 'holds_new', '--reason', 'x', '--valid-for', '10ms'],
      /at least 1s/,
    ],
    ...['-1d', '0', '10', 'tomorrow', '2020-01-01'].map((life): [string[], RegExp] => [
      ['attest', 'legacy', '--fact', 'holds_new', '--reason', 'x', `--valid-for=${life}`],
      /Expected a duration with a unit|at least 1s/,
    ]),
    [['services', '--kind', 'mobile'], /Allowed choices are instrumented, proxied, pushed/],
    [['verifiers', '--state', 'bored'], /Allowed choices/],
    [['verifiers', '--limit', '0'], /whole number from 1/],
    [['audit', '--limit', '1e3'], /whole number from 1/],
  ];
  const results = await Promise.all(rows.map(([args]) => runHere(args)));
  for (const [at, [args, message]] of rows.entries()) {
    t.match(results[at], { code: 2, out: '', err: message }, args.join(' '));
  }
});

t.test('no collector', async (t) => {
  const env = { KEYTURN_COLLECTOR: 'http://127.0.0.1:9' };
  const [gate, waited, status, doctor] = await Promise.all([
    runHere(['gate', 'activate', '--collector', 'http://127.0.0.1:2'], env),
    runHere(['gate', 'activate', '--wait', '--timeout', '300ms'], {
      KEYTURN_COLLECTOR: 'http://127.0.0.1:2',
    }),
    runHere(['--collector', 'http://127.0.0.1:2', 'status']),
    runHere(['doctor', '--collector', 'http://127.0.0.1:2']),
  ]);
  t.match(gate, {
    code: 4,
    out: '',
    err: /no collector at http:\/\/127.0.0.1:2: connection refused/,
  });
  t.match(waited, {
    code: 4,
    out: /unreachable: no collector/,
    err: /time is up, and the collector cannot be reached/,
  });
  t.match(status, { code: 4, err: /no collector/ });
  t.match(doctor, { code: 4, out: /fail no collector at [\s\S]*-> start the collector/ });
});

t.test('help has examples everywhere', async (t) => {
  const commands = [
    [],
    ['status'],
    ['gate'],
    ['rotation'],
    ['rotation', 'start'],
    ['rotation', 'show'],
    ['rotation', 'list'],
    ['rotation', 'activate'],
    ['alerts'],
    ['alerts', 'list'],
    ['alerts', 'show'],
    ['alerts', 'ack'],
    ['alerts', 'silence'],
    ['alerts', 'silences'],
    ['alerts', 'unsilence'],
    ['rotation', 'taint'],
    ['rotation', 'canary'],
    ['rotation', 'rehearse'],
    ['rotation', 'destroy-old-key'],
    ['rotation', 'blast-radius'],
    ['rotation', 'containment'],
    ['report'],
    ['report', 'verify'],
    ['services'],
    ['verifiers'],
    ['attest'],
    ['waive'],
    ['remove'],
    ['audit'],
    ['profiles'],
    ['doctor'],
  ];
  const results = await Promise.all(commands.map((args) => runHere([...args, '--help'])));
  for (const [at, args] of commands.entries()) {
    t.match(results[at], { code: 0, err: '', out: /\$ keyturn / }, `${args.join(' ')} --help`);
  }
  t.match(await runHere(['--version']), { code: 0, out: '0.0.0-test\n' });
});

t.test('a rotation from start to end', async (t) => {
  const rig = await startRig({
    services: [
      service('orders'),
      service('legacy', { kind: 'attested', evidence: 'attested', instances: null }),
    ],
  });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const file = tokenFile();
  const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN_FILE: file };
  const run = (...args: string[]) => runHere(args, env);

  const started = await run(
    'rotation',
    'start',
    '--alg',
    'RS256',
    '--new-kid',
    'new',
    '--by',
    'alice',
  );
  t.match(started, { code: 0, out: /^rotation (r-\S+) started: old -> new\n/ });
  const rotation = /rotation (r-\S+)/.exec(started.out)?.[1] ?? '';
  t.match(await run('rotation', 'start', '--alg', 'RS256', '--new-kid', 'newer'), {
    code: 1,
    err: /issuer: rotation r-\S+ is open/,
  });
  t.match(await run('rotation', 'start', '--alg', 'RS256', '--new-kid', ''), {
    code: 2,
    err: /new_kid/,
  });
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);

  const refused = await run('rotation', 'activate');
  t.match(refused, {
    code: 3,
    out: '',
    err: /step: gate activate is closed: 1 service nobody has vouched for/,
  });
  t.match(refused.err, /try: keyturn attest legacy --rotation/);
  t.match(
    await run(
      'attest',
      'legacy',
      '--fact',
      'holds_new',
      '--reason',
      'config deployed',
      '--valid-for',
      '1d',
      '--by',
      'bob',
    ),
    { code: 0, out: /^attestation att-\S+: bob vouches that legacy holds_new, until / },
  );
  const vouching = ['attest', 'legacy', '--fact', 'holds_new', '--reason', 'x', '--valid-for'];
  for (const [args, code, message] of [
    [[...vouching, '9999d'], 2, /valid_for_s: /],
    [[...vouching, '1d', '--by', ''], 2, /by: /],
    [[...vouching, '1d', '--by', ' '], 2, /by: expected text, got blanks only/],
    [vouching.with(1, 'nobody').concat('1d'), 1, /service nobody is not declared/],
    [vouching.with(1, 'orders').concat('1d'), 2, /judged by evidence \(present\)/],
  ] as const) {
    t.match(await run(...args), { code, out: '', err: message }, args.join(' '));
  }
  t.match(await run('services'), {
    code: 0,
    out: /legacy +attested +a named person +0 +nothing[^]*orders +instrumented +evidence: present +1 of 1 +nothing/,
  });
  t.match(await run('services', '--kind', 'unmanaged'), { code: 0, out: 'no service matches\n' });
  t.match(await run('gate', 'activate'), {
    code: 0,
    out: /note: 1 service vouched for: bob for legacy, expires at 20/,
  });
  t.match(await run('rotation', 'activate', rotation), {
    code: 0,
    out: /activate recorded, gate activate open; phase /,
  });
  t.match(await run('waive', 'retire', 'fleet_heard', '--reason', 'drill', '--valid-for', '1h'), {
    code: 0,
    out: /^waiver wvr-/,
  });
  t.match(await run('waive', 'retire', 'weather', '--reason', 'drill', '--valid-for', '1h'), {
    code: 2,
    err: /check_id/,
  });
  t.match(await run('remove', 'orders', 'orders-1', '--reason', 'gone'), {
    code: 1,
    err: /is reporting/,
  });
  t.match(await run('rotation', 'show'), {
    code: 0,
    out: /declared: activate[\s\S]*service legacy \(attested\) waits for nothing[\s\S]*attested: legacy[\s\S]*waived: check fleet_heard/,
  });
  const other = ['--rotation', 'r-other'];
  for (const args of [['show'], ['canary', '--next', 'a', '--current', 'b']]) {
    t.match(await run('rotation', ...args, rotation, ...other), {
      code: 2,
      err: /two rotations are named/,
    });
  }
  t.match(await run('rotation', 'list'), { code: 0, out: new RegExp(rotation) });
  t.match(await run('status'), {
    code: 0,
    out: /JWKS readable, 1 verifier reporting[\s\S]*activate +OPEN/,
  });
  t.match(await run('verifiers', '--rotation', rotation), {
    code: 0,
    out: /orders\/orders-1\/main +instrumented +reporting,holds_old,synced/,
  });
  t.match(await run('audit', '--rotation', rotation), { code: 0, out: /attest/ });
  t.match(await run('profiles', 'jose'), { code: 0, out: /jose: / });
  t.match(await run('profiles', 'jos'), { code: 1, err: /is it jose\?/ });
  t.match(await run('rotation', 'abort', rotation), { code: 1, err: /go back first/ });
  t.match(await run('rotation', 'rehearse', rotation), { code: 2, err: /--old-key-available/ });
  const destroyed = ['rotation', 'destroy-old-key', rotation];
  t.match(await run(...destroyed), { code: 2, err: /required option '--reason <text>'/ });
  t.match(await run('rotation', 'rollback', rotation, '--override', 'drill'), { code: 0 });
  t.match(
    await run('rotation', 'abort', rotation),
    { code: 3, err: /may be live until/ },
    'time will clear it',
  );
  t.match(await run('rotation', 'show', rotation), { out: /keep new published: its last token/ });
  t.match(await run('rotation', 'rehearse', rotation, '--old-key-available'), {
    code: 0,
    out: /would be possible[\s\S]*pass +old_key_held[\s\S]*old_key_available: tester says/,
  });
  t.match(await run('rotation', 'show', rotation), { out: /rehearsed: passed .* by tester/ });
  t.match(await run('rotation', 'abort', rotation, '--override', 'drill over'), {
    code: 0,
    out: /phase aborted/,
  });
  t.match(await run('rotation', 'list'), { code: 0, out: 'no rotation\n' });
  t.match(await run('rotation', 'list', '--all', '-o', 'json'), {
    code: 0,
    out: /"outcome": "aborted"/,
  });
});

t.test('the operator token', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const abort = ['rotation', 'abort', rotation, '--collector', rig.url];
  t.match(await runHere(abort), { code: 1, err: /token cannot be read[\s\S]*--token-file/ });
  t.match(await runHere([...abort, '--token-file', tokenFile('not-the-token')]), {
    code: 1,
    err: /not the operator token/,
  });
  t.match(await runHere([...abort, '--token-file', tokenFile('two words')]), {
    code: 1,
    err: /holds no token/,
  });
  t.match(await runHere(abort, { KEYTURN_OPERATOR_TOKEN: 'wrong' }), { code: 1 });
  t.equal(rig.engine.state().rotations.get(rotation)?.outcome, null);
  t.match(
    await runHere([...abort, '--token-file', tokenFile()], { KEYTURN_OPERATOR_TOKEN: 'wrong' }),
    { code: 0 },
    'the option counts more',
  );
  t.match(
    await runHere([
      'rotation',
      'abort',
      'r-1',
      '--collector',
      'http://192.0.2.1:7460',
      '--token-file',
      tokenFile(),
    ]),
    { code: 1, err: /not sent unencrypted/ },
  );
});

t.test('doctor', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const good = await runHere(['doctor', '--collector', rig.url, '--token-file', tokenFile()]);
  t.match(good.out, /^ok   a collector answers/);
  t.match(good.out, /ok   the collector takes the operator token/);
  t.match(good.out, /ok   every service reports in full/);
  const open = await runHere([
    'doctor',
    '--collector',
    rig.url,
    '--token-file',
    tokenFile(undefined, 0o644),
  ]);
  t.match(open, { code: 1, out: /fail others may use the operator token[\s\S]*chmod 600/ });
});
