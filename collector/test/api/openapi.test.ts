import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { startRig } from './rig.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly responses?: Readonly<Record<string, { description?: string; content?: object }>>;
}

t.test('the OpenAPI document is valid and describes every route', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const answer = await rig.call('GET', '/openapi.json', { token: null });
  t.equal(answer.status, 200);
  const validator = new Validator();
  const result = await validator.validate(answer.json);
  t.same(result.errors ?? [], []);
  t.equal(validator.version, '3.1');

  const paths = answer.json.paths as Record<string, Record<string, Operation>>;
  const names = new Set<string>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path}`;
      t.ok(operation.operationId, `${name} has an id`);
      t.notOk(names.has(operation.operationId ?? ''), `${name}: id used once`);
      names.add(operation.operationId ?? '');
      t.ok(operation.summary, `${name} has a summary`);
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        t.ok(response.description, `${name} ${status} is described`);
        t.ok(response.content, `${name} ${status} has a schema`);
      }
      const changes = method !== 'get' && !path.endsWith('/check');
      const operator = changes || path === '/v1/operator';
      t.equal(
        (operation.security ?? []).length > 0,
        operator,
        `${name} says whether it needs the token`,
      );
      t.equal('401' in (operation.responses ?? {}), operator, `${name} 401`);
    }
  }
  t.ok(answer.json.components.schemas.Verdict);
  t.ok(answer.json.components.securitySchemes.operator_token);
  t.matchOnly(Object.keys(paths).sort(), [
    '/.well-known/jwks.json',
    '/healthz',
    '/metrics',
    '/openapi.json',
    '/readyz',
    '/runbooks/{name}',
    '/status',
    '/status/alerts/{alert_id}',
    '/v1/alerts',
    '/v1/alerts/{alert_id}',
    '/v1/alerts/{alert_id}/acknowledge',
    '/v1/audit',
    '/v1/events',
    '/v1/fleet/rows',
    '/v1/history',
    '/v1/history/detectors',
    '/v1/history/issuers',
    '/v1/history/rotations/{rotation_id}',
    '/v1/history/tokens',
    '/v1/history/verifiers/{service}/{instance}/{cache}',
    '/v1/issuers',
    '/v1/live',
    '/v1/live/snapshot',
    '/v1/operator',
    '/v1/profiles',
    '/v1/receivers',
    '/v1/receivers/{receiver}/test',
    '/v1/rotations',
    '/v1/rotations/{rotation_id}',
    '/v1/rotations/{rotation_id}/attestations',
    '/v1/rotations/{rotation_id}/blast-radius',
    '/v1/rotations/{rotation_id}/canaries',
    '/v1/rotations/{rotation_id}/containment',
    '/v1/rotations/{rotation_id}/evidence/{number}',
    '/v1/rotations/{rotation_id}/gates/{gate}',
    '/v1/rotations/{rotation_id}/gates/{gate}/check',
    '/v1/rotations/{rotation_id}/rehearsals',
    '/v1/rotations/{rotation_id}/report',
    '/v1/rotations/{rotation_id}/steps',
    '/v1/rotations/{rotation_id}/waivers',
    '/v1/schemas/{event}',
    '/v1/services',
    '/v1/silences',
    '/v1/silences/{silence_id}',
    '/v1/status',
    '/v1/verifiers',
    '/v1/verifiers/{service}/{instance}',
    '/v1/verifiers/{service}/{instance}/{cache}',
  ]);
});
