import type { RouteContext } from '../route-context.ts';
import type { LiveViewName, LiveViewTypes } from '../schemas/live.ts';
import { rotationDetailView } from '../views/rotation-detail.ts';
import { statusView } from '../views/status.ts';

/** What a view is made of. */
export type LiveContext = Pick<RouteContext, 'engine' | 'canaries' | 'version'>;

/**
 * Makes one view, for instance of one rotation by its id; undefined when there is no such thing. It
 * carries moments and no ages, so that it changes only when something happened.
 */
export type LiveView<T> = (context: LiveContext, argument: string) => T | undefined;

/** Every view the live stream can carry, by name; asked for as `name` or `name:argument`. */
export const LIVE_VIEWS: { readonly [N in LiveViewName]: LiveView<LiveViewTypes[N]> } = {
  overview: ({ engine, canaries, version }) => statusView(engine, canaries, version),
  rotation: ({ engine, canaries }, id) => {
    const rotation = engine.state().rotations.get(id);
    return rotation === undefined ? undefined : rotationDetailView(engine, canaries, rotation);
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
