/** Wire formats by name: shipped ones, the user's own, what they extend; each compiled once, when first wanted. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { DefinitionError, type Path } from '../../definition/error.ts'
import { isMap } from '../../definition/scope.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import type { Format } from '../../upstream/types.ts'
import type { FormatDefinition } from '../../upstream/format/format-definition.ts'
import { compileFormat } from '../../upstream/format/format.ts'
import { lazyFormat } from '../../upstream/format/lazy-format.ts'
import { factsIn, keptFacts, type FactsTable, type FormatFacts } from '../format-facts.ts'
import { extended } from './extend.ts'
import { contains, codeFrame } from '../document/code-frame.ts'
import { ConfigError, fault, type Problem } from '../problem.ts'
import { formatFaults } from '../schema.ts'
import { readSource } from '../document/read-source.ts'
import type { Source } from '../document/source.ts'

export type Compile = (name: string, definition: FormatDefinition) => Format

const SHIPPED = resolve(import.meta.dirname, '../../formats')

/** A definition as it stands in a file. */
interface Origin {
  name: string
  source: Source
  /** Where in the source; empty for a file of its own. */
  path: Path
  /** What this one extends, nearest first, is found here. */
  lookUp: (name: string) => Origin | undefined
  known: () => string[]
}

interface Resolved {
  definition: Record<string, unknown>
  /** The definition's own document first, then what it extends. */
  chain: Origin[]
}

export interface Formats {
  names(): string[]
  has(name: string): boolean
  /** Nothing when the definition is faulty; its problems are then in `problems`. */
  compiled(name: string): Format | undefined
  /** What it says of the provider behind the wire; read without compiling it. */
  facts(name: string): FormatFacts
  problems: Problem[]
}

/** @param own `formats:` of the configuration, each a definition or a path relative to the configuration's folder */
export function formatTable(config: Source, own: Record<string, unknown>, compile: Compile = compileFormat): Formats {
  const problems: Problem[] = []
  const origins = new Map<string, Origin | undefined>()
  const compiled = new Map<string, Format | undefined>()
  const facts = new Map<string, FormatFacts>()
  const known = () => [...new Set([...Object.keys(own), ...shippedNames()])]

  function find(name: string): Origin | undefined {
    if (!Object.hasOwn(own, name)) return shipped(name)
    if (!origins.has(name))
      origins.set(
        name,
        capture(() => ownOrigin(name, own[name])),
      )
    return origins.get(name)
  }

  function ownOrigin(name: string, written: unknown): Origin {
    // One that extends its own name changes the shipped one.
    const lookUp = (parent: string): Origin | undefined => (parent === name ? shipped(parent) : find(parent))
    if (typeof written !== 'string') return { name, source: config, path: ['formats', name], lookUp, known }
    const file = resolve(dirname(config.file), written)
    if (existsSync(file)) return { name, source: readSource(file), path: [], lookUp, known }
    throw new ConfigError([codeFrame(config, fault(['formats', name], `there is no file ${written}`))])
  }

  function capture<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }

  function factsOf(name: string): FormatFacts {
    const kept = Object.hasOwn(own, name) ? undefined : keptFacts(name, shippedFile)
    if (kept) return kept
    const origin = capture(() => find(name))
    const definition = origin && capture(() => resolveExtends(origin, []).definition)
    return factsIn(definition ?? {})
  }

  return {
    names: known,
    has: (name) => Object.hasOwn(own, name) || isShipped(name),
    compiled(name) {
      if (!compiled.has(name) && compile === compileFormat && !Object.hasOwn(own, name) && isShipped(name)) {
        compiled.set(
          name,
          lazyFormat(name, () => compileShipped(name)),
        )
      }
      if (!compiled.has(name)) {
        compiled.set(
          name,
          capture(() => {
            const origin = find(name)
            return origin && compileOrigin(origin, compile)
          }),
        )
      }
      return compiled.get(name)
    },
    facts(name) {
      const known = facts.get(name) ?? factsOf(name)
      facts.set(name, known)
      return known
    },
    problems,
  }
}

/** Checks one definition's file by itself; what it extends is looked for beside it, then among the shipped ones. */
export function checkFormatFile(file: string, compile: Compile = compileFormat): Format {
  const folder = dirname(file)
  const beside = (name: string): Origin | undefined => {
    const path = join(folder, `${name}.yaml`)
    return existsSync(path) ? origin(name, path) : shipped(name)
  }
  const origin = (name: string, path: string): Origin => ({
    name,
    source: readSource(path),
    path: [],
    lookUp: (parent) => (parent === name ? shipped(parent) : beside(parent)),
    known: () => [...namesIn(folder), ...shippedNames()],
  })
  return compileOrigin(origin(basename(file, extname(file)), file), compile)
}

/** Once for all configurations: nothing of a shipped format depends on one. */
function compileShipped(name: string): Format {
  const known = COMPILED.get(name)
  if (known) return known
  const origin = shipped(name)
  if (!origin) throw new Error(`there is no format ${name}`)
  const format = compileOrigin(origin, compileFormat)
  COMPILED.set(name, format)
  return format
}

const COMPILED = new Map<string, Format>()

function compileOrigin(origin: Origin, compile: Compile): Format {
  const { definition, chain } = resolveExtends(origin, [])
  try {
    return compile(origin.name, definition as object as FormatDefinition)
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    throw new ConfigError([placeIn(chain, error)])
  }
}

function resolveExtends(origin: Origin, below: Origin[]): Resolved {
  const written = origin.path.reduce<unknown>(
    (value, step) => (value as Record<string, unknown>)[step],
    origin.source.value,
  )
  // Of a part of the configuration the schema said the same; a problem is told once.
  const faults = formatFaults(written, origin.path)
  if (faults.length > 0) throw new ConfigError(faults.map((each) => codeFrame(origin.source, each)))
  const { extends: parentName, ...own } = written as Record<string, unknown>
  const definition = withNewNames(
    Object.fromEntries(Object.entries(own).filter(([key]) => !key.startsWith('x-'))),
    origin,
  )
  if (typeof parentName !== 'string') return { definition: extended({}, definition), chain: [origin] }

  const at: Path = [...origin.path, 'extends']
  const line = [...below, origin]
  const parent = origin.lookUp(parentName)
  if (!parent) {
    const names = origin.known().filter((name) => name !== origin.name)
    throw new ConfigError([
      codeFrame(origin.source, fault(at, `unknown format ${parentName}${didYouMean(parentName, names)}`)),
    ])
  }
  const round = line.findIndex((each) => each.source.file === parent.source.file && each.name === parent.name)
  if (round >= 0) {
    const names = [...line.slice(round).map(({ name }) => name), parent.name]
    throw new ConfigError([
      codeFrame(origin.source, fault(at, `formats that extend each other in a circle: ${names.join(' → ')}`)),
    ])
  }
  const above = resolveExtends(parent, line)
  return { definition: extended(above.definition, definition), chain: [origin, ...above.chain] }
}

/** `stream.through` became `stream.transforms`; the old name is taken for one release more, with a warning. */
function withNewNames(definition: Record<string, unknown>, { name, source }: Origin): Record<string, unknown> {
  const { stream } = definition
  if (!isMap(stream) || !('through' in stream)) return definition
  const { through, ...rest } = stream
  process.emitWarning(
    `${source.file}: in format ${name}, stream.through is now called stream.transforms: rename it`,
    'DeprecationWarning',
  )
  return { ...definition, stream: { transforms: through, ...rest } }
}

/** A fault of the merged definition stands in the first document that says anything there. */
function placeIn(chain: Origin[], error: DefinitionError): Problem {
  for (let path = error.path; ; path = path.slice(0, -1)) {
    const origin = chain.find((each) => contains(each.source, [...each.path, ...path])) ?? chain[0]
    if (origin && (path.length === 0 || contains(origin.source, [...origin.path, ...path]))) {
      const exact = path.length === error.path.length
      const { at, offset } = exact ? error : { at: 'value' as const, offset: 0 }
      return codeFrame(origin.source, { message: error.message, path: [...origin.path, ...path], at, offset })
    }
  }
}

function isShipped(name: string): boolean {
  return SHIPPED_NAMES.has(name)
}

function shipped(name: string): Origin | undefined {
  if (!isShipped(name)) return undefined
  const source = SOURCES.get(name) ?? readSource(shippedFile(name))
  SOURCES.set(name, source)
  return { name, source, path: [], lookUp: shipped, known: shippedNames }
}

const SHIPPED_NAMES: ReadonlySet<string> = new Set(namesIn(SHIPPED))

/** Many formats extend one: it is read once. */
const SOURCES = new Map<string, Source>()

function shippedFile(name: string): string {
  return join(SHIPPED, `${name}.yaml`)
}

/** The facts of all shipped formats, read from their files. */
export function readShippedFacts(): FactsTable {
  const read: FactsTable = { sizes: {}, formats: {} }
  for (const name of shippedNames().toSorted()) {
    const origin = shipped(name)
    if (!origin) continue
    const { definition, chain } = resolveExtends(origin, [])
    read.sizes[name] = Buffer.byteLength(origin.source.text)
    read.formats[name] = { chain: chain.map((each) => each.name), ...factsIn(definition) }
  }
  return read
}

export function shippedNames(): string[] {
  return [...SHIPPED_NAMES]
}

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
}
