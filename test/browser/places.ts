import type { Scene } from '../harness/dashboard-scene.ts';

/** Every page of the dashboard, by what it is called here. */
export type Places = ReadonlyMap<string, string>;

/** Where the pages are that show this scene; the page of an alert only where one was raised. */
export async function placesOf({ collector, fleet, rotationId }: Scene): Promise<Places> {
  const at = (...parts: string[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
  const places = new Map([
    ['overview', '/'],
    ['rotations', '/rotations'],
    ['rotation', at('rotations', rotationId)],
    ['verifiers', '/verifiers'],
    ['alerts', '/alerts'],
    ['issuers', '/issuers'],
    ['inventory', '/inventory'],
  ]);
  const [verifier] = fleet.verifiers;
  if (verifier !== undefined) {
    const { service, instance, cache } = verifier;
    places.set('verifier', at('verifiers', service, instance, cache));
  }
  const { body } = await collector.api.get('/v1/alerts');
  const alerts = body.alerts as { readonly id: string; readonly name: string }[];
  const alert = alerts.find(({ name }) => name === 'VerificationFailures') ?? alerts[0];
  if (alert !== undefined) places.set('alert', at('alerts', alert.id));
  return places;
}
