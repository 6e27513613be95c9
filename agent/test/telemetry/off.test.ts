import { registerHooks } from 'node:module';
import t from 'tap';

const loaded = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) loaded.add(specifier);
    return next(specifier, context);
  },
});

t.test('an agent loads nothing of OpenTelemetry, not even its API', async (t) => {
  await import('../../src/index.ts');
  await import('../../src/command.ts');
  t.same([...loaded], []);
  await import('../../src/telemetry/exporting.ts');
  t.same([...loaded], [], 'before an export is started');
});
