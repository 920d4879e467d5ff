/** What `test` is asked to test: definitions, and the cases that lie beside them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { shippedNames } from '../../config/sections/formats.ts'
import { readSource } from '../../config/document/read-source.ts'
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
  return { name, file, cases: [...beside, ...yamlIn(`${stem}.cases`)] }
}

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
