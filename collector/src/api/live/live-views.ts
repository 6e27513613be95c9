import type { RotationRecord } from '../../core/records.ts';
import type { Engine } from '../../engine-port.ts';
import type { RouteContext } from '../route-context.ts';
import type { LiveViewName, LiveViewTypes } from '../schemas/live.ts';
import { collectorHealthView } from '../views/health.ts';
import { rotationAlertsView } from '../views/rotation-alerts.ts';
import { rotationListView } from '../views/rotation-list.ts';
import { timelineView } from '../views/timeline.ts';
import { alertDetailView } from '../views/alert-detail.ts';
import { inventoryView } from '../views/inventory.ts';
import { issuerDetailView, issuersView } from '../views/issuer-detail.ts';
import { alertsView } from '../views/live-alerts.ts';
import { overviewView } from '../views/overview.ts';
import type { RotationGlances } from '../views/rotation-glance.ts';
import { tabView } from '../views/tab.ts';
import { rotationDetailView } from '../views/rotation-detail.ts';
import { verifierDetailView } from '../views/verifier-detail.ts';

/** What a view is made of. */
export interface LiveContext
  extends Pick<RouteContext, 'engine' | 'canaries' | 'notifier' | 'version'> {
  readonly glances: RotationGlances;
}

/**
 * Makes one view, for instance of one rotation by its id; undefined when there is no such thing. It
 * carries moments and no ages, so that it changes only when something happened.
 */
export type LiveView<T> = (context: LiveContext, argument: string) => T | undefined;

/** Every view the live stream can carry, by name; asked for as `name` or `name:argument`. */
export const LIVE_VIEWS: { readonly [N in LiveViewName]: LiveView<LiveViewTypes[N]> } = {
  tab: tabView,
  overview: overviewView,
  rotation: ({ engine, canaries }, id) =>
    ofRotation(engine, id, (rotation) => rotationDetailView(engine, canaries, rotation)),
  'rotation-timeline': ({ engine }, id) =>
    ofRotation(engine, id, (rotation) => timelineView(engine, rotation)),
  'rotation-alerts': ({ engine }, id) =>
    ofRotation(engine, id, (rotation) =>
      rotationAlertsView(engine.state(), rotation, engine.nowMs()),
    ),
  rotations: rotationListView,
  health: ({ engine }) => collectorHealthView(engine.state(), engine.nowMs()),
  alerts: alertsView,
  alert: ({ engine }, id) => alertDetailView(engine.state(), id, engine.nowMs()),
  issuers: ({ engine }) => issuersView(engine.state()),
  issuer: ({ engine }, issuer) => issuerDetailView(engine.state(), issuer),
  inventory: ({ engine }, filter) => inventoryView(engine.state(), engine.nowMs(), filter),
  verifier: ({ engine }, key) => {
    const verifier = engine.state().fleet.verifiers.get(key);
    return verifier && verifierDetailView(engine.state(), verifier, engine.nowMs());
  },
};

/** The view of a name with its argument; undefined when there is none. */
export function findLiveView(view: string): ((context: LiveContext) => unknown) | undefined {
  const at = view.indexOf(':');
  const name = at < 0 ? view : view.slice(0, at);
  const argument = at < 0 ? '' : view.slice(at + 1);
  if (!isLiveView(name)) return undefined;
  return (context) => LIVE_VIEWS[name](context, argument);
}

function isLiveView(name: string): name is LiveViewName {
  return Object.hasOwn(LIVE_VIEWS, name);
}

function ofRotation<T>(
  engine: Engine,
  id: string,
  make: (rotation: RotationRecord) => T,
): T | undefined {
  const rotation = engine.state().rotations.get(id);
  return rotation === undefined ? undefined : make(rotation);
}
