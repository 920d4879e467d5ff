/** What `test` is asked to test: definitions, and the cases that lie beside them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { shippedNames } from '../../config/sections/formats.ts'
import { readSource } from '../../config/document/read-source.ts'
import { isMap } from '../../definition/scope.ts'
import { didYouMean } from '../../definition/near-miss.ts'

export interface Subject {
  name: string
  /** The definition. */
  file: string
  cases: string[]
}

const SHIPPED = resolve(import.meta.dirname, '../../formats')
/** Cases of shipped definitions are part of a clone, not of the package. */
const SHIPPED_CASES = resolve(import.meta.dirname, '../../../test/formats')

/**
 * A file, a shipped format, or a provider of the configuration; all shipped formats when nothing is named.
 * Throws an Error that says what there is.
 */
export function findSubjects(named: string | undefined, config: string): Subject[] {
  if (named === undefined) return shippedNames().map(shipped)
  if (/\.(ya?ml|json)$/.test(named) || named.includes('/')) return [ofFile(named)]
  if (shippedNames().includes(named)) return [shipped(named)]
  const { providers, formats } = namesOf(config)
  const format = providers.get(named) ?? named
  const own = formats.get(format)
  if (typeof own === 'string') return [ofFile(resolve(dirname(config), own))]
  if (own !== undefined) {
    throw new Error(`the format ${format} stands inside ${config}: give it its own file, with its cases beside it`)
  }
  if (shippedNames().includes(format)) return [shipped(format)]
  const known = [...shippedNames(), ...providers.keys(), ...formats.keys()]
  throw new Error(`there is no format, provider or file "${named}"${didYouMean(named, known)}`)
}

function shipped(name: string): Subject {
  return { name, file: join(SHIPPED, `${name}.yaml`), cases: yamlIn(join(SHIPPED_CASES, name)) }
}

/** Beside `mine.yaml`: `mine.cases.yaml`, and all files of the folder `mine.cases`. */
function ofFile(file: string): Subject {
  const stem = file.slice(0, file.length - extname(file).length)
  const beside = [`${stem}.cases.yaml`].filter((each) => existsSync(each))
  const name = stem.slice(stem.lastIndexOf('/') + 1)
  if (resolve(dirname(file)) === SHIPPED) return shipped(name)
  const other = otherKind(file)
  if (other !== undefined) throw new Error(other)
  return { name, file, cases: [...beside, ...yamlIn(`${stem}.cases`)] }
}

/** What to do with a file that is no definition; undefined for one that may be. */
function otherKind(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const root = readSource(file).value
  const wants =
    'test wants a wire format (a map with request, response, stream or extends), the name of one, or a provider'
  if (Array.isArray(root) && root.length > 0 && root.every((each) => isMap(each) && 'name' in each))
    return `${file} holds cases: name their format as well, \`balanced-call test FORMAT --cases ${file}\``
  if (!isMap(root)) return `${file} is no wire format: ${wants}`
  if ('providers' in root)
    return `${file} is a configuration: say \`balanced-call check ${file}\`, or \`balanced-call test PROVIDER --config ${file}\``
  const keys = Object.keys(root)
  const known = keys.filter((key) => DEFINITION.has(key)).length
  if (known > keys.length / 2) return undefined
  if (!keys.some((key) => RECORDED.has(key))) return known > 0 ? undefined : `${file} is no wire format: ${wants}`
  return `${file} is a recorded exchange, and ${wants}.
To test with it, write it as a case: a list of { name, client, sends } (what is asked) or { name, answers or streams, gives }
(what is answered), then \`balanced-call test FORMAT --cases FILE\`; \`test PROVIDER --live --record DIR\` records such cases.
What a client gets for its answer alone: \`balanced-call convert --to PROVIDER/MODEL --response ANSWER\``
}

/** Keys at the top of a definition. */
const DEFINITION = new Set([
  'extends',
  'request',
  'response',
  'stream',
  'embeddings',
  'relays',
  'native',
  'auth',
  'error',
  'usage',
])
/** Keys under which recorders keep the sides of an exchange. */
const RECORDED = new Set([
  'upstream',
  'status',
  'headers',
  'body',
  'answer',
  'chunks',
  'recorded',
  'expected',
  'interactions',
  'log',
])

export function yamlIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name) && isCases(join(folder, name)))
    .sort()
    .map((name) => join(folder, name))
}

/** Other YAML may lie there as well; cases are a list. */
function isCases(file: string): boolean {
  return /^\s*-\s/m.test(readFileSync(file, 'utf8'))
}

interface Names {
  /** From each provider to its format. */
  providers: Map<string, string>
  formats: Map<string, unknown>
}

/** Names only: whether a provider is live does not matter here. */
function namesOf(config: string): Names {
  if (!existsSync(config)) return { providers: new Map(), formats: new Map() }
  const { providers, formats } = readSource(config).value as {
    providers?: Record<string, { format: string }>
    formats?: Record<string, unknown>
  }
  return {
    providers: new Map(Object.entries(providers ?? {}).map(([name, { format }]) => [name, format])),
    formats: new Map(Object.entries(formats ?? {})),
  }
}
