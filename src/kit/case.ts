/** Cases of a wire format, as they stand in YAML files beside it: the form is the same for shipped formats and for users'. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { locate } from '../config/locate.ts'
import { ConfigError } from '../config/problem.ts'
import { schemaFault } from '../config/schema-message.ts'
import { parseSource, readSource, type Source } from '../config/source.ts'

/** One rule: a client's body and what the vendor must get for it, or a vendor's answer and what the client must get. */
export interface Case {
  name: string
  client?: Record<string, unknown>
  model?: string
  sends?: Record<string, unknown>
  path?: string
  headers?: Record<string, string | null>
  warns?: string[]
  refuses?: Record<string, unknown>
  answers?: unknown
  streams?: string
  streams_base64?: string
  status?: number
  answer_headers?: Record<string, string>
  gives?: Record<string, unknown>
  signals?: Record<string, unknown>[]
}

/** A case and where it stands. */
export interface PlacedCase extends Case {
  file: string
  /** Counted from 1. */
  line: number
}

const validate = new Ajv2020({ allErrors: true, verbose: true, strict: false }).compile(
  JSON.parse(readFileSync(new URL('case.schema.json', import.meta.url), 'utf8')) as object,
)

/** Throws a ConfigError that names line and column of what is no case. */
export function readCases(file: string): PlacedCase[] {
  return casesOf(readSource(file))
}

/** The same of a text. @param file for messages */
export function parseCases(file: string, text: string): PlacedCase[] {
  return casesOf(parseSource(file, text))
}

function casesOf(source: Source): PlacedCase[] {
  if (!validate(source.value)) {
    const faults = (validate.errors ?? []).flatMap((error) => schemaFault(error) ?? [])
    throw new ConfigError(faults.map((fault) => locate(source, fault)))
  }
  return (source.value as Case[]).map((each, i) => {
    const { line } = locate(source, { path: [i, 'name'], message: '', at: 'key', offset: 0 })
    return { ...each, file: source.file, line }
  })
}
