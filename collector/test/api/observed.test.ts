import t from 'tap';
import { id, ISSUER, NEW_KEY, OLD_KEY, startRig } from './rig.ts';
import { runHere, tokenFile } from '../cli/run.ts';

t.test(
  'an observed rotation over HTTP and on the status page, and who takes it over',
  async (t) => {
    const rig = await startRig();
    t.teardown(() => rig.close());
    rig.settleIn();
    await rig.sight(OLD_KEY);
    await rig.report(id('orders'), [OLD_KEY]);
    await rig.sight(OLD_KEY, NEW_KEY);
    await rig.report(id('orders'), [OLD_KEY]);

    const { rotations } = (await rig.call('GET', '/v1/rotations')).json;
    t.match(rotations, [{ origin: 'observed', started_by: 'keyturn', findings: [] }]);
    const path = `/v1/rotations/${rotations[0].id}`;
    const shown = (await rig.call('GET', path)).json;
    t.match(shown.propagation, {
      verifiers: 1,
      refusing: 1,
      by_grade: { absent: 1 },
      lacking: [{ service: 'orders', state: 'absent' }],
      needed_lead_s: 600,
      risk: 'raised',
      reasons: ['1 verifier would refuse a token of new now'],
    });
    t.match(
      Date.parse(shown.propagation.known_by),
      Date.parse(shown.rotation.published_at) + 600_000,
    );
    t.ok(shown.gates.every((gate: { advisory: boolean }) => gate.advisory));
    t.match(shown.gates[1].summary, /\(advisory\)$/);
    const page = (await rig.call('GET', '/status')).text;
    t.match(page, /Observed rotation[^]*Risk raised[^]*1 verifier would refuse/);

    const steps = `${path}/steps`;
    t.match(await rig.call('POST', steps, { body: { step: 'activate', by: 'alice' } }), {
      status: 409,
      json: { type: 'urn:keyturn:problem:conflict', field: 'step' },
    });
    t.match(await rig.call('POST', steps, { body: { step: 'abort', by: 'alice' } }), {
      status: 400,
      json: { field: 'reason', detail: /expected a reason/ },
    });
    const started = await rig.start();
    t.match((await rig.call('GET', '/v1/rotations')).json.rotations, [
      { id: started, origin: 'declared' },
    ]);
    t.match((await rig.call('GET', path)).json, {
      propagation: null,
      rotation: {
        outcome: 'aborted',
        ended_because: `rotation ${started}, started by alice, takes its place`,
      },
    });
    t.match((await rig.call('GET', `/v1/rotations/${started}`)).json.propagation, null);
  },
);

t.test('the command line marks, explains and dismisses it', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN_FILE: tokenFile() };
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const [observed] = [...rig.engine.state().rotations.keys()];

  t.match(await runHere(['rotation', 'list'], env), {
    out: new RegExp(`${observed} +published \\(observed\\) +old -> new .*observed `),
  });
  t.match(await runHere(['rotation', 'show'], env), {
    code: 0,
    out: /advisory: nobody here[^]*risk raised: 1 verifier would refuse[^]*0 of 1 verifier would accept it \(1 absent\)[^]*orders.*absent[^]*verifiers may need 10m/,
  });
  t.match(await runHere(['status'], env), {
    out: /observed, not started here:[^]*no rotation was started here/,
  });
  t.match(await runHere(['doctor'], env), {
    out: /issuer.example rotates old to new, risk raised: 1 verifier would refuse/,
  });
  t.match(await runHere(['gate', 'activate'], env), { code: 3, out: /^advisory: nobody here/m });
  t.match(await runHere(['rotation', 'retire', '--by', 'bob'], env), {
    code: 1,
    err: /was observed, so retire is seen and not declared; to steer it: keyturn rotation start/,
  });
  t.match(await runHere(['rotation', 'abort', '--by', 'bob'], env), { err: /--reason "why"/ });
  const dismissal = ['rotation', 'abort', '--by', 'bob', '--reason', 'a standby key'];
  t.match(await runHere(dismissal, env), { code: 0 });
  t.match(await runHere(['rotation', 'show', observed ?? ''], env), {
    out: /because dismissed by bob: a standby key/,
  });

  await rig.sight(OLD_KEY, NEW_KEY, { kid: 'x', thumbprint: 'x'.repeat(43), alg: 'ES256' });
  const start = ['rotation', 'start', '--issuer', ISSUER, '--alg', 'RS256', '--new-kid', 'later'];
  t.match(await runHere([...start, '--old-kid', 'old', '--by', 'bob'], env), { code: 0 });
  t.match(
    await runHere(['gate', 'publish'], env),
    { err: '', out: /gate publish of rotation r-/ },
    'the one that was started, whatever else is observed',
  );
});
