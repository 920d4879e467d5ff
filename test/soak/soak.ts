/**
 * `npm run soak -- --minutes N --streams 2000`: paced streams through the gateway with faults and leavers, for hours if
 * need be. Fails when a piece is lost or doubled, or when an answer ends in an error that another key could have prevented.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startClients } from './clients.ts'
import type { Probe } from './probe.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    streams: { type: 'string', default: '2000' },
    pieces: { type: 'string', default: '40' },
    beat: { type: 'string', default: '500' },
    faults: { type: 'string', default: '5' },
    leavers: { type: 'string', default: '5' },
  },
})
const [minutes, streams, pieces, beat] = [values.minutes, values.streams, values.pieces, values.beat].map(Number) as [
  number,
  number,
  number,
  number,
]
/** Milliseconds between two looks at the gateway. */
const LOOK = 5000

const folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-soak-'))
const here = import.meta.dirname
const children: ChildProcess[] = []
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')))

const upstream = start('upstream.ts', [], { PIECES: values.pieces, BEAT: values.beat, FAULTS: values.faults })
const upstreamPort = Object((await once(upstream, 'message'))[0]).port as number
const config = path.join(folder, 'providers.yaml')
writeFileSync(
  config,
  JSON.stringify({
    providers: {
      soak: {
        format: 'openai',
        base_url: `http://127.0.0.1:${upstreamPort}/v1`,
        keys: Array.from({ length: 20 }, (_, i) => `soak-key-${i}-of-the-gateway`),
        prefix: true,
      },
    },
    models: { soak: { routes: ['soak/m'], resume: true } },
    server: { retries: 4 },
  }),
)
const port = 20_000 + Math.floor(Math.random() * 20_000)
const gateway = start(
  '../../src/main.ts',
  ['serve', '--config', config, '--port', String(port)],
  { LOG_LEVEL: 'info' },
  ['--expose-gc', '--import', path.join(here, 'probe.ts')],
)
while (!(await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))) await sleep(50)

const clients = startClients({ port, streams, pieces, leavers: Number(values.leavers), spread: pieces * beat })
const looks: (Probe & { time: number })[] = []
const begun = performance.now()
// as long as a stream lasts, until as many begin as end
const warm = begun + pieces * beat + 10_000
while (performance.now() - begun < minutes * 60_000) {
  await sleep(LOOK)
  const probe = await look()
  if (performance.now() > warm) looks.push({ ...probe, time: performance.now() })
  const { whole, left, broken, resumed, lost, doubled } = clients.tally
  console.log(
    `${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  open ${clients.open()}  whole ${whole}  left ${left}  resumed ${resumed}  ` +
      `broken ${broken}  lost ${lost}  doubled ${doubled}  heap ${mib(probe.heap)}  rss ${mib(probe.rss)}  loop p99 ${probe.p99.toFixed(1)} ms`,
  )
}
console.log('no new streams; those that run end')
await clients.stop()
upstream.send('counts')
const [seen] = (await once(upstream, 'message')) as [{ requests: number; faults: number; left: number }]
const health = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as { in_flight: number; queued: number }
gateway.kill('SIGTERM')
const [code] = (await once(gateway, 'exit')) as [number]
upstream.kill()
rmSync(folder, { recursive: true })

const { tally } = clients
const p99s = looks.map(({ p99 }) => p99).sort((a, b) => a - b)
const figures = {
  minutes,
  streams_at_once: streams,
  streams: tally.started,
  pieces: tally.pieces,
  whole: tally.whole,
  left_by_clients: tally.left,
  resumed: tally.resumed,
  broken: tally.broken,
  errors: Object.fromEntries(tally.errors),
  lost: tally.lost,
  doubled: tally.doubled,
  upstream_requests: seen.requests,
  upstream_faults: seen.faults,
  heap_slope_mib_per_minute: slope((each) => each.heap),
  rss_slope_mib_per_minute: slope((each) => each.rss),
  rss_mib: Number(mib(looks.at(-1)?.rss ?? 0)),
  loop_p99_ms: { median: p99s[Math.floor(p99s.length / 2)], worst: p99s.at(-1) },
  in_flight_after: health.in_flight,
  exit_code: code,
}
console.log(JSON.stringify(figures, null, 2))
process.exitCode = tally.lost + tally.doubled + health.in_flight + code === 0 ? 0 : 1

function start(file: string, args: string[], env: Record<string, string>, execArgv: string[] = []): ChildProcess {
  const child = fork(path.join(here, file), args, {
    env: { ...process.env, ...env },
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

async function look(): Promise<Probe> {
  gateway.send('probe')
  const [probe] = await once(gateway, 'message')
  return probe as Probe
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}

/** MiB a minute, by least squares over the looks after the warm-up. */
function slope(of: (look: Probe) => number): number {
  const points = looks.map((each) => [each.time / 60_000, of(each) / 1024 / 1024] as const)
  const mean = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length
  const [x, y] = [mean(points.map(([each]) => each)), mean(points.map(([, each]) => each))]
  const covariance = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0)
  const variance = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0)
  return Number((covariance / variance).toFixed(3))
}
