/** Loaded before a measured program: tells its parent, when asked, what it has cost so far. */
process.on('message', (message) => {
  if (message !== 'cost') return
  const { user, system } = process.cpuUsage()
  process.send?.({ cost: { cpu: user + system, rss: process.memoryUsage.rss() } })
})
process.channel?.unref()
