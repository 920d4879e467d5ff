/**
 * `npm run bench:workers [-- --rounds 8 --beside ../before]`: CPU of a request with `--workers 2`, all processes together,
 * beside one process, in the same rounds: over 64 connections, and over one.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { load } from './load.ts'
import { configuration, PHASES, targetOf } from './phases.ts'
import { freePort, start } from './process.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8' }, beside: { type: 'string' } } })
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'balanced-call-bench-'))
const upstream = await start('upstream', [file('./upstream.ts')], await freePort())
const config = join(directory, 'providers.yaml')
writeFileSync(config, JSON.stringify(configuration(upstream.port)))

async function gateway(name: string, root: string, workers: number) {
  const port = await freePort()
  const args = ['serve', '--config', config, '--port', `${port}`, '--workers', `${workers}`]
  return {
    name,
    process: await start(name, [join(root, 'src/main.ts'), ...args], port, { program: process.execPath }),
    costs: new Map<number, number[]>(),
  }
}

/** Nanoseconds of the process and of its children, by the operating system's accounting. */
function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  let sum = 0
  for (const task of tasks) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      if (child.trim() !== '') sum += cpuOf(Number(child))
  }
  return sum
}

const phase = PHASES.find(({ name }) => name === 'OpenAI JSON 1 kB, closed loop')
if (!phase) throw new Error('there is no phase for it')
const root = file('../..')
const all = [await gateway('one process', root, 1), await gateway('2 workers', root, 2)]
if (values.beside) all.push(await gateway(`2 workers of ${basename(values.beside)}`, values.beside, 2))
try {
  const AT_ONCE = [64, 1]
  for (let round = -2; round < Number(values.rounds); round++) {
    for (const atOnce of AT_ONCE) {
      for (const { process, costs } of round % 2 === 0 ? all : all.toReversed()) {
        const count = atOnce === 1 ? 1000 : 4000
        const target = targetOf(phase, process.port, { bare: false })
        const before = cpuOf(process.pid)
        await load(target, count, atOnce)
        const cost = (cpuOf(process.pid) - before) / 1000 / count
        if (round >= 0) costs.set(atOnce, [...(costs.get(atOnce) ?? []), cost])
      }
    }
  }
  for (const atOnce of AT_ONCE) {
    const medians = all.map(({ costs }) => median(costs.get(atOnce) ?? []))
    console.log(`${atOnce} connection${atOnce === 1 ? '' : 's'}, 1 kB JSON: CPU µs a request, and × one process`)
    all.forEach(({ name }, nth) => {
      const cost = medians[nth] ?? 0
      console.log(
        `  ${name.padEnd(28)} ${cost.toFixed(0).padStart(6)} ${(cost / (medians[0] ?? 1)).toFixed(2).padStart(6)}`,
      )
    })
  }
} finally {
  for (const { process } of all) await process.stop()
  await upstream.stop()
  rmSync(directory, { recursive: true, force: true })
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
