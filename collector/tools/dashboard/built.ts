// Preloaded before programs that serve the dashboard from source, so that they serve the present one.
import { buildDashboard } from './build.ts';

await buildDashboard();
