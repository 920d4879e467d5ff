/**
 * `npm run bench [-- --rounds 3 --phases stream --json]`: what the gateway costs beside the barest relay, on the same upstream, in
 * the same run. Each is a process of its own, as are the upstream and the clients. CPU is what the operating system charged to
 * the whole process. Ratios hold across machines; the figures beside them only on this one.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure, verify } from './measure.ts'
import type { Candidate } from './measure.ts'
import { configuration, PHASES } from './phases.ts'
import { freePort, start } from './process.ts'
import { printPhase, printStreams } from './report.ts'
import { holdStreams } from './streams.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Only phases whose name has this in it. */
    phases: { type: 'string', default: '' },
    streams: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
})

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true })]

try {
  await bench()
} finally {
  for (const stop of stops.toReversed()) await stop()
}

async function bench(): Promise<void> {
  const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
  stops.push(upstream.stop)
  const relay = await start('bare relay', [file('./relay.ts'), `http://127.0.0.1:${upstream.port}`], await freePort())
  stops.push(relay.stop)
  const candidates: Candidate[] = [{ process: relay, bare: true }, await gateway(upstream.port)]
  for (const { process } of candidates.slice(1)) stops.push(process.stop)

  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, ${values.rounds} rounds\n`,
  )
  const results = []
  for (const phase of PHASES.filter(({ name }) => name.toLowerCase().includes(values.phases.toLowerCase()))) {
    for (const candidate of candidates) await verify(phase, candidate)
    const result = await measure(phase, candidates, Number(values.rounds))
    printPhase(result)
    results.push(result)
  }
  const open = []
  for (const candidate of candidates) open.push(await holdStreams(candidate, upstream, Number(values.streams)))
  printStreams(open, candidates)
  if (values.json) console.log(JSON.stringify({ node: process.version, results, open }))
}

/** Another relay stands in while there is no gateway to start: the ratios are then what the method itself leaves over. */
async function gateway(upstream: number): Promise<Candidate> {
  const main = file('../../src/main.ts')
  const port = await freePort()
  if (!existsSync(main)) {
    return {
      process: await start('second relay', [file('./relay.ts'), `http://127.0.0.1:${upstream}`], port),
      bare: true,
    }
  }
  const config = join(directory, 'providers.yaml')
  writeFileSync(config, JSON.stringify(configuration(upstream)))
  return {
    process: await start('gateway', [main, 'serve', '--config', config, '--port', String(port)], port),
    bare: false,
  }
}
