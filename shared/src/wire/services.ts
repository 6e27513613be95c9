/**
 * Service definitions for a grpc-js server, client constructors, and the shapes of their messages.
 * Message contents go through codec.ts.
 */
export {
  type Alert as AlertMessage,
  type AlertFilter as AlertFilterMessage,
  AlertServiceClient,
  type AlertServiceServer,
  AlertServiceService,
  type WatchAlertsRequest,
  type WatchAlertsResponse,
} from './gen/keyturn/v1/alerts.ts';
export {
  FleetServiceClient,
  type FleetServiceServer,
  FleetServiceService,
  type ReportRequest,
  type ReportResponse,
  type SessionRequest,
  type SessionResponse,
} from './gen/keyturn/v1/fleet.ts';
export {
  type CheckGateRequest,
  type CheckGateResponse,
  ReadinessServiceClient,
  type ReadinessServiceServer,
  ReadinessServiceService,
  type Verdict as VerdictMessage,
  type WatchGateRequest,
  type WatchGateResponse,
} from './gen/keyturn/v1/readiness.ts';
export {
  type AttestRequest,
  type AttestResponse,
  type DeclareStepRequest,
  type DeclareStepResponse,
  type GetRotationRequest,
  type GetRotationResponse,
  type HandOverCanariesRequest,
  type HandOverCanariesResponse,
  type ListRotationsRequest,
  type ListRotationsResponse,
  type RemoveVerifierRequest,
  type RemoveVerifierResponse,
  type Rotation as RotationMessage,
  RotationServiceClient,
  type RotationServiceServer,
  RotationServiceService,
  type StartRotationRequest,
  type StartRotationResponse,
  type WaiveRequest,
  type WaiveResponse,
} from './gen/keyturn/v1/rotation.ts';
export {
  type Rehearsal as RehearsalMessage,
  type RehearseRequest,
  type RehearseResponse,
} from './gen/keyturn/v1/rehearsal.ts';
export {
  type BlastRadius as BlastRadiusMessage,
  type Containment as ContainmentMessage,
  type GetBlastRadiusRequest,
  type GetBlastRadiusResponse,
  type GetContainmentRequest,
  type GetContainmentResponse,
} from './gen/keyturn/v1/emergency.ts';
