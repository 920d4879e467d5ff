/**
 * `npm run servers [NAME [SCENARIO]]`: real servers of models behind a gateway, pinned, installed and kept in a temporary
 * folder (SERVERS_FOLDER is another), each with a tiny model of random weights that is made on the spot. Writes what it saw
 * into docs/SERVERS.md, with a NAME only that server's row. Not part of `npm test`.
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
let failed = 0
let ran = 0
for (const server of SERVERS.filter(({ name }) => only === undefined || name.toLowerCase().includes(only))) {
  try {
    execFileSync('sh', ['-c', `command -v ${server.needs}`], { stdio: 'ignore' })
  } catch {
    console.log(`skip  ${server.name}: ${server.needs} is not here`)
    continue
  }
  ran++
  const cells = await runServer(server)
  failed += cells.filter((cell) => cell === 'no').length
  if (scenario !== undefined) continue
  const told = (cell: Cell) => cell === 'differs' || cell === 'not run'
  const noted = COLUMNS.filter((_, at) => told(cells[at] ?? 'ok'))
  const notes = Object.fromEntries(noted.map((name) => [name, server.differs?.[name] ?? server.notRun?.[name] ?? '']))
  writeRow(TABLE, COLUMNS, { name: server.name, version: server.version, cells, notes })
}
console.log(`${ran} servers, ${failed} faults`)
process.exit(failed > 0 ? 1 : 0)

async function runServer(server: Server): Promise<Cell[]> {
  const folder = folderOf(server, root)
  const running = await server.start(folder)
  const cells: Cell[] = []
  try {
    for (const each of ALL) {
      if (scenario !== undefined && each[0] !== scenario) continue
      // a gateway for each: what one scenario does to its keys is none of the next one's
      const setting = await startGateway(running, join(folder, 'run'))
      try {
        cells.push(await runScenario(server, setting, each))
      } finally {
        setting.stop()
      }
    }
  } finally {
    await running.stop()
  }
  return cells
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
