import { z } from 'zod';
import { AlertSchema } from './alert.ts';
import { IssuerSchema } from './fleet.ts';
import { ContainmentSchema } from './emergency.ts';
import { PropagationSchema } from './propagation.ts';
import { DependentSchema } from './service.ts';
import { CanariesSchema, RotationSchema } from './rotation.ts';
import { MomentSchema, VerdictSchema } from './verdict.ts';

export const StatusSchema = z
  .object({
    version: z.string(),
    now_at: MomentSchema,
    started_at: MomentSchema,
    hold_down_until_at: MomentSchema.nullable().describe('Gates say unknown until then'),
    store_failing_since_at: MomentSchema.nullable(),
    refused_verifiers: z.int(),
    dropped_rotations: z.int().describe('Ended observed rotations that made room for later ones'),
    dropped_alerts: z.int().describe('Conditions that raised no alert for want of room'),
    dropped_notices: z.int().describe('Notices that made room before they were delivered'),
    fleet: z.object({
      verifiers_known: z.int(),
      issuers: z.array(
        z.object({
          issuer: z.string(),
          services: z.int(),
          verifiers: z.int(),
          reporting: z.int(),
          silent: z.int(),
          joined: z.int(),
        }),
      ),
    }),
    alerts: z.array(AlertSchema).describe('The first 50 that fire, the worst first'),
    more_alerts: z.int().describe('Firing ones not listed here'),
    issuers: z.array(IssuerSchema),
    rotations: z.array(
      z.object({
        rotation: RotationSchema,
        gates: z.array(VerdictSchema),
        blind: z
          .array(DependentSchema)
          .describe('The first 50 services known otherwise than by their own reports'),
        canaries: CanariesSchema.nullable().describe('Null: not set up for its issuer'),
        propagation: PropagationSchema.nullable(),
        containment: ContainmentSchema.nullable().describe('Of a tainted old key; else null'),
      }),
    ),
    more_rotations: z.int().describe('Open rotations not listed here'),
  })
  .meta({ id: 'Status' });

export type StatusView = z.infer<typeof StatusSchema>;

export const AuditEntrySchema = z
  .object({
    number: z.int(),
    at: MomentSchema,
    kind: z.enum(['act', 'decision', 'observation', 'refusal']),
    rotation_id: z.string().nullable(),
    actor: z.string(),
    action: z.string(),
    message: z.string(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string().describe('SHA-256 over the previous hash and this entry'),
  })
  .meta({ id: 'AuditEntry' });

export type AuditEntryView = z.infer<typeof AuditEntrySchema>;
