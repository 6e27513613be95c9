import { destination, type Level, type Logger, pino, stdTimeFunctions } from 'pino';

/**
 * The log of one program: JSON lines on stderr with its name, the time as ISO 8601 and the level as a
 * word. Written at once, so that nothing is lost when the process ends.
 */
export function createLog(name: string, level: Level | 'silent'): Logger {
  return pino(
    {
      level,
      base: { name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: 2, sync: true }),
  );
}
