/** `test [PROVIDER|FORMAT|FILE]`: runs a definition's cases; with `--live`, asks the vendor itself. */
import { statSync } from 'node:fs'
import { reportFacts, reportText } from '../../format-tools/cases/report.ts'
import { holds, runSubject } from '../../format-tools/cases/run.ts'
import { findSubjects, yamlIn } from '../../format-tools/cases/find-cases.ts'
import { runTestLive } from './test-live.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  config: { type: 'string' },
  cases: { type: 'string', multiple: true },
  verbose: { type: 'boolean', short: 'v' },
  live: { type: 'boolean' },
  model: { type: 'string', multiple: true },
  record: { type: 'string' },
  write: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 1)
  if (values.live) {
    const { model: models, record, write, json } = values
    return runTestLive(positionals[0], configFile(values.config), { models, record, write, json })
  }
  if (values.record !== undefined || values.write || values.model)
    throw new UsageError('--record, --write and --model go with --live')
  const subjects = named(positionals[0], configFile(values.config))
  const further = (values.cases ?? []).flatMap(caseFiles)
  const results = subjects.map((subject) => runSubject(subject, further))
  console.log(
    values.json ? JSON.stringify(results.map(reportFacts), null, 2) : reportText(results, values.verbose ?? false),
  )
  const ran = results.some((each) => each.results.length > 0)
  return ran && results.every(holds) ? 0 : 1
}

function named(name: string | undefined, config: string): ReturnType<typeof findSubjects> {
  try {
    return findSubjects(name, config)
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'ConfigError') throw cause
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** A file of cases, or a folder of them. */
function caseFiles(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`there is no file or folder ${path}`)
  return found.isDirectory() ? yamlIn(path) : [path]
}
