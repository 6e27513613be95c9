import type { AlertRule } from './judgement.ts';
import { kidReused } from './rules/kid-reused.ts';

/** Every rule, in no order that matters. */
export const ALERT_RULES: readonly AlertRule[] = [kidReused];
