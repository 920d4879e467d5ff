/** What is wrong with a file, and how a person is told. */
import type { Path } from '../definition/error.ts'

/** A fault placed by its path in the document; a `DefinitionError` has the same shape. */
export interface Fault {
  path: Path
  message: string
  /** Whether the fault is in the key or in the value at `path`. */
  at: 'key' | 'value'
  /** Characters into the scalar's text where the fault begins. */
  offset: number
}

/** A fault placed in a file. Lines and columns begin at 1. */
export interface Problem {
  file: string
  line: number
  column: number
  /** What is wrong, what was expected, and the near miss. */
  message: string
  /** The line with its number and, beneath, a caret; empty when there is no line to show. Secrets are masked. */
  excerpt: string
}

const MOST_SHOWN = 50

/** All that is wrong with a configuration, found in one go. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  problems: Problem[]

  constructor(problems: Problem[]) {
    super(printed(problems))
    this.problems = problems
  }
}

export function fault(path: Path, message: string, at: 'key' | 'value' = 'value', offset = 0): Fault {
  return { path, message, at, offset }
}

/** In the order of the file, one per place and message. */
export function sortedProblems(problems: Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems
    .filter((problem) => {
      const id = `${problem.file}:${problem.line}:${problem.column} ${problem.message}`
      return !seen.has(id) && seen.add(id)
    })
    .sort((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function printed(problems: Problem[]): string {
  const shown = problems.slice(0, MOST_SHOWN).map(printedProblem)
  if (problems.length > MOST_SHOWN) shown.push(`and ${problems.length - MOST_SHOWN} more`)
  return shown.join('\n\n')
}

export function printedProblem({ file, line, column, message, excerpt }: Problem): string {
  const head = `${file}:${line}:${column}  ${message}`
  return excerpt === '' ? head : `${head}\n\n${excerpt}`
}
