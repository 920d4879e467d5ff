/**
 * `npm run profile [-- --phase "OpenAI JSON 1 kB" --seconds 4]`: runs the gateway under load and says where its CPU time goes, by
 * function and by part, in microseconds of one request or chunk. What could have been decided at load must not stand here.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { HeapProfiler, Profiler } from 'node:inspector'
import { load } from './load.ts'
import { configuration, PHASES, targetOf } from './phases.ts'
import { freePort, start } from './process.ts'

const { values } = parseArgs({
  options: {
    phase: { type: 'string', default: 'OpenAI JSON 1 kB' },
    seconds: { type: 'string', default: '4' },
    top: { type: 'string', default: '40' },
    warm: { type: 'string', default: '4' },
    /** Counts what a function calls as its own, and shows the project's functions only. */
    inclusive: { type: 'boolean', default: false },
    /** Where memory is allocated, instead of time spent. */
    allocations: { type: 'boolean', default: false },
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
  const target = targetOf(phase, port, { bare: false })
  const round = phase.connections * (phase.unit === 'chunk' ? 1 : 20)
  const warm = performance.now() + Number(values.warm) * 1000
  while (performance.now() < warm) await load(target, round, phase.connections)
  await gateway.ask(values.allocations ? 'sample' : 'profile')
  const before = await gateway.cost()
  const until = performance.now() + Number(values.seconds) * 1000
  let units = 0
  while (performance.now() < until) {
    await load(target, round, phase.connections)
    units += round * phase.chunks
  }
  const { cpu } = await gateway.cost()
  console.log(
    `${phase.name}: ${((cpu - before.cpu) / units).toFixed(1)} µs of CPU a ${phase.unit}, profiler included\n`,
  )
  if (values.allocations) printAllocations(Object(await gateway.ask('sampled')).head, units)
  else print(Object(await gateway.ask('profiled')).profile, units)
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
  for (const node of nodes) {
    const { id, callFrame } = node
    const time = self.get(id) ?? 0
    if (callFrame.functionName === '(idle)') continue
    busy += time
    const { part, place } = placeOf(callFrame.url)
    add(parts, part, time)
    if (values.inclusive) {
      for (const each of stackOf(node, callers)) add(functions, nameOf(each.callFrame), time)
      continue
    }
    const line = place === '' ? callerOf(id, callers) : `${place}:${callFrame.lineNumber + 1}`
    add(functions, `${callFrame.functionName || '(anonymous)'} ${line}`, time)
  }
  table(parts, 30, units, 'µs', busy)
  table(functions, Number(values.top), units, 'µs', busy)
}

function printAllocations(head: HeapProfiler.SamplingHeapProfileNode, units: number): void {
  const functions = new Map<string, number>()
  const parts = new Map<string, number>()
  let all = 0
  const walk = (node: HeapProfiler.SamplingHeapProfileNode, caller: string): void => {
    const { part, place } = placeOf(node.callFrame.url)
    const isEngine = part === '(engine)' || part.startsWith('node:')
    add(parts, part, node.selfSize)
    add(
      functions,
      place === '' ? `${node.callFrame.functionName} for ${caller}` : nameOf(node.callFrame),
      node.selfSize,
    )
    all += node.selfSize
    for (const child of node.children) walk(child, isEngine ? caller : nameOf(node.callFrame))
  }
  walk(head, '')
  table(parts, 30, units, 'bytes', all)
  table(functions, Number(values.top), units, 'bytes', all)
}

function table(rows: Map<string, number>, most: number, units: number, unit: string, all: number): void {
  for (const [name, amount] of [...rows].sort((a, b) => b[1] - a[1]).slice(0, most)) {
    const share = ((100 * amount) / all).toFixed(1).padStart(5)
    console.log(`${(amount / units).toFixed(2).padStart(8)} ${unit} ${share} %  ${name}`)
  }
  console.log('')
}

/** The project's functions that were running, each once. */
function stackOf(self: Profiler.ProfileNode, callers: Map<number, Profiler.ProfileNode>): Set<Profiler.ProfileNode> {
  const names = new Map<string, Profiler.ProfileNode>()
  for (let node: Profiler.ProfileNode | undefined = self; node; node = callers.get(node.id)) {
    if (placeOf(node.callFrame.url).part.startsWith('src/')) names.set(nameOf(node.callFrame), node)
  }
  return new Set(names.values())
}

function nameOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  return `${functionName || '(anonymous)'} ${placeOf(url).place}:${lineNumber + 1}`
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
