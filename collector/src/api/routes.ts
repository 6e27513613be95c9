import type { Api, RouteContext } from './route-context.ts';
import { attestRoute } from './routes/attest.ts';
import { auditRoute } from './routes/audit.ts';
import { canariesRoute } from './routes/canaries.ts';
import { declareStepRoute } from './routes/declare-step.ts';
import { eventsRoute } from './routes/events.ts';
import { gateRoute } from './routes/gate.ts';
import { gateCheckRoute } from './routes/gate-check.ts';
import { healthRoutes } from './routes/health.ts';
import { issuersRoute } from './routes/issuers.ts';
import { openApiRoute } from './routes/openapi.ts';
import { operatorRoute } from './routes/operator.ts';
import { profilesRoute } from './routes/profiles.ts';
import { removeVerifierRoute } from './routes/remove-verifier.ts';
import { rotationRoute, rotationsRoute, startRotationRoute } from './routes/rotations.ts';
import { servicesRoute } from './routes/services.ts';
import { statusRoute } from './routes/status.ts';
import { statusPageRoute } from './routes/status-page.ts';
import { verifiersRoute } from './routes/verifiers.ts';
import { waiveRoute } from './routes/waive.ts';

/** Every route of the HTTP API. */
export function addRoutes(app: Api, context: RouteContext): void {
  statusPageRoute(app, context);
  gateRoute(app, context);
  gateCheckRoute(app, context);
  statusRoute(app, context);
  verifiersRoute(app, context);
  removeVerifierRoute(app, context);
  servicesRoute(app, context);
  issuersRoute(app, context);
  profilesRoute(app, context);
  rotationsRoute(app, context);
  startRotationRoute(app, context);
  rotationRoute(app, context);
  declareStepRoute(app, context);
  attestRoute(app, context);
  waiveRoute(app, context);
  canariesRoute(app, context);
  operatorRoute(app);
  auditRoute(app, context);
  eventsRoute(app, context);
  healthRoutes(app, context);
  openApiRoute(app);
}
