import { registerHooks } from 'node:module';
import t from 'tap';

const loaded = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) loaded.add(specifier);
    return next(specifier, context);
  },
});

t.test('nothing of the SDK is loaded before somebody asks for it', async (t) => {
  await import('../../src/collector.ts');
  t.same([...loaded], ['@opentelemetry/api']);
  const { startRig } = await import('../api/rig.ts');
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.call('GET', '/v1/status');
  t.same([...loaded], ['@opentelemetry/api'], 'nor by whatever else is asked');
  await rig.call('GET', '/metrics');
  t.ok(loaded.has('@opentelemetry/sdk-metrics'), 'a scrape asks for it');
  t.notOk(loaded.has('@opentelemetry/sdk-node'), 'and for no more than it needs');
});
