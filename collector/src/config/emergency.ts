import type { EmergencyPolicy, RollbackPolicy } from '../core/emergency-policy.ts';
import type { ProblemList } from './problem-list.ts';
import type { PolicySettings } from './schema.ts';

/** What `policy` says of going back and of a compromised key. */
export interface ResolvedEmergency {
  readonly rollback: RollbackPolicy;
  readonly emergency: EmergencyPolicy;
}

/** What an emergency is not given to skip or to shorten holds in it as at any other time. */
export function resolveEmergency(
  settings: PolicySettings,
  problems: ProblemList,
): ResolvedEmergency {
  const { emergency, publish_safety: publishSafetyMs } = settings;
  if (emergency.publish_safety !== undefined && emergency.publish_safety > publishSafetyMs) {
    problems.add(
      ['policy', 'emergency', 'publish_safety'],
      'expected at most policy.publish_safety: an emergency does not wait longer',
    );
  }
  for (const [index, check] of emergency.skip.entries()) {
    if (emergency.skip.indexOf(check) < index) {
      problems.add(['policy', 'emergency', 'skip', index], `${check} is there twice`);
    }
  }
  if (settings.require_rehearsal && settings.rollback_window === 0) {
    problems.add(
      ['policy', 'require_rehearsal'],
      'a rehearsal never passes with rollback_window: 0, so activate would never open; give a window or do not require it',
    );
  }
  return {
    rollback: {
      windowMs: settings.rollback_window,
      requireRehearsal: settings.require_rehearsal,
      rehearsalValidForMs: settings.rehearsal_valid_for,
    },
    emergency: {
      publishSafetyMs: emergency.publish_safety ?? publishSafetyMs,
      retireGraceMs: emergency.retire_grace,
      skip: emergency.skip,
    },
  };
}
