/**
 * `npm run servers [NAME [SCENARIO]]`: real servers of models behind a gateway, pinned, installed and kept in a temporary
 * folder (SERVERS_FOLDER is another), each with a tiny model of random weights that is made on the spot. Writes what it saw
 * into docs/SERVERS.md, with a NAME only in that server's row. Not part of `npm test`.
 */
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeRow, type RunTable } from '../run-table.ts'
import { COMMANDS } from './commands.ts'
import { SCENARIOS } from './scenarios.ts'
import { folderOf, SERVERS, type Server } from './server-list.ts'
import { startGateway, type Setting } from './setting.ts'

const TABLE: RunTable = {
  page: 'docs/SERVERS.md',
  mark: 'servers',
  about: 'server',
  order: SERVERS.map(({ name }) => name),
}
const ALL = Object.entries({ ...SCENARIOS, ...COMMANDS })
const COLUMNS = ALL.map(([name]) => name)

type Cell = 'ok' | 'differs' | 'not run' | 'no'

const only = process.argv[2]?.toLowerCase()
const scenario = process.argv[3]
const root = process.env['SERVERS_FOLDER'] ?? join(tmpdir(), 'balanced-call-servers')
// whoever ends this run ends the servers with it
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
let failed = 0
let ran = 0
for (const server of SERVERS.filter(({ name }) => only === undefined || name.toLowerCase().includes(only))) {
  const lacking = server.needs.split(' ').filter((program) => !isHere(program))
  if (lacking.length > 0) {
    console.log(`skip  ${server.name}: ${lacking.join(', ')} is not here`)
    continue
  }
  ran++
  failed += await runServer(server)
}
console.log(`${ran} servers, ${failed} faults`)
process.exit(failed > 0 ? 1 : 0)

function isHere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Writes each cell as soon as it is seen: a run that is ended early has not been for nothing. @returns how many are faults */
async function runServer(server: Server): Promise<number> {
  const folder = folderOf(server, root)
  const running = await server.start(folder)
  let faults = 0
  try {
    for (const each of ALL) {
      const [name] = each
      if (scenario !== undefined && name !== scenario) continue
      // a gateway for each: what one scenario does to its keys is none of the next one's
      const setting = await startGateway(running, join(folder, 'run'))
      try {
        const cell = await runScenario(server, setting, each)
        if (cell === 'no') faults++
        const note = cell === 'differs' ? server.differs?.[name] : server.notRun?.[name]
        const cells = COLUMNS.map((column) => (column === name ? cell : undefined))
        const notes = note === undefined || cell === 'ok' ? {} : { [name]: note }
        writeRow(TABLE, COLUMNS, { name: server.name, version: server.version, cells, notes })
      } finally {
        setting.stop()
      }
    }
  } finally {
    await running.stop()
  }
  return faults
}

async function runScenario(server: Server, setting: Setting, [name, run]: (typeof ALL)[number]): Promise<Cell> {
  const tell = (cell: Cell, words: string): Cell => {
    console.log(`${cell.padEnd(8)} ${server.name.padEnd(18)} ${name.padEnd(14)} ${words.slice(0, 1000)}`)
    return cell
  }
  const why = server.notRun?.[name]
  if (why !== undefined) return tell('not run', why)
  try {
    return tell('ok', await run(setting))
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return tell(server.differs?.[name] === undefined ? 'no' : 'differs', words)
  }
}
