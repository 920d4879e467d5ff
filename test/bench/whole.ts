/**
 * `npm run bench:whole`: client, relay or gateway, and upstream in one process, so that the best of many short batches is near
 * the truth even where the machine is busy. What the gateway costs beyond the relay is the difference; `--profile` is not needed.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { load } from './load.ts'
import { configuration, PHASES, targetOf } from './phases.ts'
import { freePort } from './process.ts'

const { values } = parseArgs({
  options: { phases: { type: 'string', default: '' }, seconds: { type: 'string', default: '6' } },
})

const upstream = await freePort()
process.env['PORT'] = String(upstream)
await import('./upstream.ts')
const relay = await freePort()
process.env['PORT'] = String(relay)
process.env['UPSTREAM'] = `http://127.0.0.1:${upstream}`
await import('./relay.ts')
const { createApp } = await import('../../src/app/app.ts')
const { loadConfig } = await import('../../src/config/load.ts')
const file = join(mkdtempSync(join(tmpdir(), 'balanced-call-whole-')), 'providers.yaml')
writeFileSync(file, JSON.stringify(configuration(upstream)))
const app = await createApp(loadConfig(file, {}), { level: 'info', write: () => {} })
const gateway = await freePort()
await app.server.listen({ port: gateway, host: '127.0.0.1' })

for (const phase of PHASES.filter(
  ({ name, paced }) => !paced && name.toLowerCase().includes(values.phases.toLowerCase()),
)) {
  const targets = [targetOf(phase, relay, { bare: true }), targetOf(phase, gateway, { bare: false })]
  const requests = phase.unit === 'chunk' ? 4 : 64
  const best = [Infinity, Infinity]
  const until = performance.now() + Number(values.seconds) * 1000
  while (performance.now() < until) {
    for (const [i, target] of targets.entries()) {
      const before = process.cpuUsage()
      await load(target, requests, Math.min(requests, 16))
      const { user, system } = process.cpuUsage(before)
      best[i] = Math.min(best[i] ?? Infinity, (user + system) / requests / phase.chunks)
    }
  }
  const [bare = 0, ours = 0] = best
  console.log(
    `${phase.name}: relay ${bare.toFixed(1)}, gateway ${ours.toFixed(1)} µs a ${phase.unit}: ${(ours - bare).toFixed(1)} more`,
  )
}
process.exit(0)
