/** What the runs saw, as the table of docs/CLIENTS.md. */
import { writeLine, writeRow as writeTableRow, type RunTable } from '../run-table.ts'
import { CLIENTS } from './client-list.ts'

/** `its own`: the client fails by its own doing, and the note under the table says how. */
export type Cell = 'yes' | 'no' | 'its own'

export interface Row {
  name: string
  version: string
  cells: Cell[]
  own: Record<string, string>
}

const TABLE: RunTable = {
  page: 'docs/CLIENTS.md',
  mark: 'clients',
  about: 'client',
  order: CLIENTS.map(({ name }) => name),
}

export function writeRow(cases: string[], { own, ...row }: Row): void {
  const failing = cases.filter((_, index) => row.cells[index] === 'its own')
  const notes = Object.fromEntries(failing.map((name) => [name, own[name] ?? '']))
  writeTableRow(TABLE, cases, { ...row, notes })
}

/** What a suite of others' tests saw: a line below the table. */
export function writeSuite(cases: string[], name: string, about: string): void {
  writeLine(TABLE, cases, name, about)
}
