// Preloaded into every child: without it, a parent that is killed outright would leave orphans.
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3_000).unref();
});
process.channel?.unref();
