import type { Scene } from '../harness/dashboard-scene.ts';

/** Every page of the dashboard, by what it is called here. */
export type Places = ReadonlyMap<string, string>;

/** Where the pages are that show this scene; the page of an alert only where one was raised. */
export async function placesOf({
  collector,
  fleet,
  rotationId,
}: Pick<Scene, 'collector' | 'fleet' | 'rotationId'>): Promise<Places> {
  const at = (...parts: string[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
  const places = new Map([
    ['overview', '/'],
    ['rotations', '/rotations'],
    ['rotation', at('rotations', rotationId)],
    ['verifiers', '/verifiers'],
    ['matrix', '/verifiers?view=matrix'],
    ['alerts', '/alerts'],
    ['issuers', '/issuers'],
    ['inventory', '/inventory'],
  ]);
  const [verifier] = fleet.verifiers;
  if (verifier !== undefined) {
    const { service, instance, cache } = verifier;
    places.set('verifier', at('verifiers', service, instance, cache));
  }
  const issuers = (await collector.api.get('/v1/issuers')).body.issuers as { issuer: string }[];
  const issuer = issuers[0]?.issuer ?? '';
  places.set('issuer', `/issuers?issuer=${encodeURIComponent(issuer)}`);
  const { body } = await collector.api.get('/v1/alerts');
  const alerts = body.alerts as { readonly id: string; readonly name: string }[];
  const alert = alerts.find(({ name }) => name === 'VerificationFailures') ?? alerts[0];
  if (alert !== undefined) places.set('alert', at('alerts', alert.id));
  return places;
}
