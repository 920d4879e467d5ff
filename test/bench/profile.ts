/**
 * `npm run profile [-- --phase "OpenAI JSON 1 kB" --seconds 4]`: runs the gateway under load and says where its CPU time goes, by
 * function and by part, in microseconds of one request or chunk. What could have been decided at load must not stand here.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Profiler } from 'node:inspector'
import { load } from './load.ts'
import { configuration, PHASES, targetOf } from './phases.ts'
import { freePort, start } from './process.ts'

const { values } = parseArgs({
  options: {
    phase: { type: 'string', default: 'OpenAI JSON 1 kB' },
    seconds: { type: 'string', default: '4' },
    top: { type: 'string', default: '40' },
  },
})

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-profile-'))
const phase = PHASES.find(({ name }) => name === values.phase)
if (!phase) throw new Error(`no phase "${values.phase}"; there are ${PHASES.map(({ name }) => name).join(', ')}`)

const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
const config = join(directory, 'providers.yaml')
writeFileSync(config, JSON.stringify(configuration(upstream.port)))
const port = await freePort()
const gateway = await start(
  'gateway',
  [file('../../src/main.ts'), 'serve', '--config', config, '--port', `${port}`],
  port,
)
try {
  const target = targetOf(phase, port, false)
  const round = phase.connections * (phase.unit === 'chunk' ? 1 : 20)
  for (let i = 0; i < 20; i++) await load(target, round, phase.connections)
  await gateway.ask('profile')
  const before = await gateway.cost()
  const until = performance.now() + Number(values.seconds) * 1000
  let units = 0
  while (performance.now() < until) {
    await load(target, round, phase.connections)
    units += round * phase.chunks
  }
  const { cpu } = await gateway.cost()
  const { profile } = Object(await gateway.ask('profiled')) as { profile: Profiler.Profile }
  console.log(
    `${phase.name}: ${((cpu - before.cpu) / units).toFixed(1)} µs of CPU a ${phase.unit}, profiler included\n`,
  )
  print(profile, units)
} finally {
  await gateway.stop()
  await upstream.stop()
  rmSync(directory, { recursive: true })
}

function print({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, units: number): void {
  const self = new Map<number, number>()
  for (const [i, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  const functions = new Map<string, number>()
  const parts = new Map<string, number>()
  let busy = 0
  const callers = new Map<number, Profiler.ProfileNode>()
  for (const node of nodes) for (const child of node.children ?? []) callers.set(child, node)
  for (const { id, callFrame } of nodes) {
    const time = self.get(id) ?? 0
    if (callFrame.functionName === '(idle)') continue
    busy += time
    const { part, place } = placeOf(callFrame.url)
    add(parts, part, time)
    const line = place === '' ? callerOf(id, callers) : `${place}:${callFrame.lineNumber + 1}`
    add(functions, `${callFrame.functionName || '(anonymous)'} ${line}`, time)
  }
  const table = (rows: Map<string, number>, most: number): void => {
    for (const [name, time] of [...rows].sort((a, b) => b[1] - a[1]).slice(0, most)) {
      console.log(
        `${(time / units).toFixed(2).padStart(8)} µs ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`,
      )
    }
    console.log('')
  }
  table(parts, 30)
  table(functions, Number(values.top))
}

/** Whoever in a file called a function of the engine, through Node's own modules. */
function callerOf(id: number, callers: Map<number, Profiler.ProfileNode>): string {
  for (let node = callers.get(id); node; node = callers.get(node.id)) {
    const { part, place } = placeOf(node.callFrame.url)
    if (part !== '(engine)' && !part.startsWith('node:')) return `for ${node.callFrame.functionName} ${place}`
  }
  return ''
}

function add(sums: Map<string, number>, name: string, amount: number): void {
  sums.set(name, (sums.get(name) ?? 0) + amount)
}

/** A folder of ours, a package, a module of Node, or the engine itself. */
function placeOf(url: string): { part: string; place: string } {
  if (url === '') return { part: '(engine)', place: '' }
  const own = /\/src\/((?:[^/]+\/)*)[^/]+$/.exec(url)
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url)
  if (dependency) return { part: dependency[1] ?? '', place: `${dependency[1]}/${dependency[2]}` }
  if (own) return { part: `src/${own[1]}`, place: url.slice(url.lastIndexOf('/src/') + 1) }
  return { part: url.split('/').slice(0, 1).join('/'), place: url }
}
