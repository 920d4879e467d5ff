/** `init-format --from curl.txt`: a first draft of a definition and its cases, from a vendor's own examples. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { stringify } from 'yaml'
import { checkFormatFile } from '../../config/sections/formats.ts'
import { draftFormat, type Samples } from '../../format-tools/draft/draft.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  from: { type: 'string' },
  answer: { type: 'string', multiple: true },
  out: { type: 'string' },
  force: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 0)
  if (values.from === undefined) throw new UsageError('init-format needs --from FILE with a curl example')
  const file = values.out ?? `${basename(values.from, extname(values.from))}.yaml`
  const name = basename(file, extname(file))
  const casesFile = join(dirname(file), `${name}.cases.yaml`)
  for (const each of [file, casesFile])
    if (existsSync(each) && !values.force) throw new UsageError(`${each} is there already; --force writes over it`)
  const samples = readSamples(values.from, values.answer ?? [])
  const draft = told(() =>
    draftFormat(name, samples, (definition) => {
      // by its file, so that it may extend others
      writeFileSync(file, stringify(definition))
      try {
        return checkFormatFile(file)
      } finally {
        rmSync(file)
      }
    }),
  )
  writeFileSync(file, draft.definition)
  writeFileSync(casesFile, draft.cases)
  console.log(`${file} and ${casesFile} are written.`)
  for (const note of draft.notes) console.log(`look at: ${note}`)
  console.log(`\nNext: balanced-call check ${file}, balanced-call test ${file}; then in providers.yaml:\n`)
  console.log(stringify({ formats: { [name]: file }, providers: { [name]: draft.provider } }))
  return 0
}

/** A sample is a whole answer when it is one JSON map, else a stream. */
function readSamples(curl: string, answers: string[]): Samples {
  const samples: Samples = { curl: read(curl) }
  for (const file of answers) {
    const text = read(file)
    const whole = json(text)
    if (whole === undefined || Array.isArray(whole)) samples.stream = text
    else samples.answer = whole
  }
  return samples
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function told<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Error && cause.name !== 'Error') throw cause
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
