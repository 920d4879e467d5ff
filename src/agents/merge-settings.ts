/** Settings merged into an agent's own configuration file: what stands there stays, comments included. */
import { patch, parse as parseToml } from '@decimalturn/toml-patch'
import { applyEdits, modify, parse as parseJsonc, printParseErrorCode, type ParseError } from 'jsonc-parser'
import { isMap, isSeq, parseDocument, type Document } from 'yaml'
import type { AgentFile } from './agent.ts'

type Settings = Record<string, unknown>

/**
 * The file's new text. Throws an Error that says what is wrong where the text is not of the file's type: nothing may be
 * written over it then.
 * @param before the file as it is; empty where there is none
 */
export function mergeSettings(before: string, { type, set, key }: AgentFile): string {
  switch (type) {
    case 'json':
      return intoJson(before, set as Settings)
    case 'toml':
      return intoToml(before, set as Settings)
    case 'yaml':
      return key === undefined ? intoYaml(before, set as Settings) : intoYamlList(before, set as Settings[], key)
    case 'env':
      return intoEnvironment(before, set as Record<string, string>)
  }
}

function intoJson(before: string, set: Settings): string {
  const faults: ParseError[] = []
  let text = before.trim() === '' ? '{}\n' : before
  parseJsonc(text, faults, { allowTrailingComma: true })
  const [fault] = faults
  if (fault) throw new Error(`it is not valid JSON: ${printParseErrorCode(fault.error)} at character ${fault.offset}`)
  const formattingOptions = { insertSpaces: true, tabSize: 2 }
  for (const [path, value] of leaves(set)) text = applyEdits(text, modify(text, path, value, { formattingOptions }))
  return text.endsWith('\n') ? text : `${text}\n`
}

function intoToml(before: string, set: Settings): string {
  const merged = parseToml(before) as Settings
  for (const [path, value] of leaves(set)) setIn(merged, path, value)
  return patch(before, merged)
}

function intoYaml(before: string, set: Settings): string {
  const document = yamlOf(before)
  if (document.contents !== null && !isMap(document.contents)) throw new Error('it is not a map of settings')
  for (const [path, value] of leaves(set)) document.setIn(path, value)
  return document.toString()
}

function intoYamlList(before: string, entries: Settings[], key: string): string {
  const document = yamlOf(before)
  if (document.contents === null) document.contents = document.createNode([])
  const list = document.contents
  if (!isSeq(list)) throw new Error('it is not a list of entries')
  for (const entry of entries) {
    const at = list.items.findIndex((item) => isMap(item) && item.get(key) === entry[key])
    if (at >= 0) list.items[at] = document.createNode(entry)
    else list.add(document.createNode(entry))
  }
  return document.toString()
}

function yamlOf(text: string): Document {
  const document: Document = parseDocument(text)
  const [fault] = document.errors
  if (fault) throw new Error(`it is not valid YAML: ${fault.message}`)
  return document
}

function intoEnvironment(before: string, set: Record<string, string>): string {
  let lines = before === '' ? [] : before.replace(/\n$/, '').split('\n')
  for (const [name, value] of Object.entries(set)) {
    const line = `${name}=${value}`
    const at = lines.findIndex((each) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(each))
    lines = at < 0 ? [...lines, line] : lines.with(at, line)
  }
  return `${lines.join('\n')}\n`
}

/** Each value that is no map, with the way to it. */
function leaves(value: Settings, path: string[] = []): [string[], unknown][] {
  return Object.entries(value).flatMap(([name, inner]): [string[], unknown][] =>
    isSettings(inner) && Object.keys(inner).length > 0 ? leaves(inner, [...path, name]) : [[[...path, name], inner]],
  )
}

function setIn(into: Settings, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) into[name] = value
  else {
    if (!isSettings(into[name])) into[name] = {}
    setIn(into[name] as Settings, rest, value)
  }
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
