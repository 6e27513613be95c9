// Preloaded before programs that serve the dashboard from source, so that they serve the present one.
// Where only what runs is installed there is no bundler, and what was built before is served.
try {
  const { buildDashboard } = await import('./build.ts');
  await buildDashboard();
} catch (error) {
  const isMissing =
    error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  if (!isMissing) throw error;
}
