/** What the runs saw, as the table of docs/CLIENTS.md: rows of clients that were not run now stay as they were. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS } from './client-list.ts'

/** `its own`: the client fails by its own doing, and the note under the table says how. */
export type Cell = 'yes' | 'no' | 'its own'

export interface Row {
  name: string
  version: string
  cells: Cell[]
  own: Record<string, string>
}

const PAGE = join(import.meta.dirname, '../../docs/CLIENTS.md')
const MARKS = ['<!-- clients: begin -->', '<!-- clients: end -->'] as const

export function writeRows(cases: string[], row: Row): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(MARKS[0])
  const [table = '', after = ''] = rest.split(MARKS[1])
  const day = new Date().toISOString().slice(0, 10)
  const kept = table.split('\n').filter((line) => nameIn(line) !== undefined && nameIn(line) !== row.name)
  const failing = cases.filter((_, index) => row.cells[index] === 'its own')
  const notes = failing.map((name) => `- ${row.name}, ${name}: ${row.own[name]}`)
  const all = [...kept, `| ${row.name} | ${row.version} | ${day} | ${row.cells.join(' | ')} |`, ...notes]
  const sorted = CLIENTS.flatMap(({ name }) => all.filter((line) => nameIn(line) === name))
  const head = `| client | version | run | ${cases.join(' | ')} |\n|${'---|'.repeat(cases.length + 3)}`
  const rows = sorted.filter((line) => line.startsWith('|')).join('\n')
  const said = sorted.filter((line) => line.startsWith('-')).join('\n')
  const body = [`${head}\n${rows}`, ...(said === '' ? [] : [said])].join('\n\n')
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${body}\n\n${MARKS[1]}${after}`)
}

/** The client that a row of the table or a note below it is about. */
function nameIn(line: string): string | undefined {
  const name = /^(?:\| ([^|]+) \||- ([^,]+),)/.exec(line)
  return name && name[1] !== 'client' ? (name[1] ?? name[2]) : undefined
}
