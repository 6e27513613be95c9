import t from 'tap';
import { serviceName } from '../../src/telemetry/service-name.ts';

t.test('the environment has the say in what the sidecar is called', async (t) => {
  const rows: readonly (readonly [Record<string, string>, string | undefined])[] = [
    [{}, 'keyturn-agent'],
    [{ OTEL_SERVICE_NAME: '' }, 'keyturn-agent'],
    [{ OTEL_SERVICE_NAME: 'edge' }, undefined],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=edge' }, undefined],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'a=b, service.name = edge,c=d' }, undefined],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=,my.service.name=x' }, 'keyturn-agent'],
  ];
  for (const [env, expected] of rows) t.equal(serviceName(env), expected, JSON.stringify(env));
});
