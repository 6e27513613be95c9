/** Said to the collector; the same as in package.json, which a test holds. */
export const AGENT_VERSION = '0.1.0';
