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
export function mergeSettings(before: string, file: AgentFile): string {
  switch (file.type) {
    case 'json':
      return intoJson(before, file)
    case 'toml':
      return intoToml(before, file)
    case 'yaml':
      return intoYaml(before, file)
    case 'env':
      return intoEnvironment(before, file.set as Record<string, string>)
  }
}

function intoJson(before: string, file: AgentFile): string {
  const faults: ParseError[] = []
  let text = before.trim() === '' ? '{}\n' : before
  const there: unknown = parseJsonc(text, faults, { allowTrailingComma: true })
  const [fault] = faults
  if (fault) throw new Error(`it is not valid JSON: ${printParseErrorCode(fault.error)} at character ${fault.offset}`)
  const formattingOptions = { insertSpaces: true, tabSize: 2 }
  for (const [path, value] of wanted(file, there))
    text = applyEdits(text, modify(text, path, value, { formattingOptions }))
  return text.endsWith('\n') ? text : `${text}\n`
}

function intoToml(before: string, file: AgentFile): string {
  const merged = parseToml(before) as Settings
  for (const [path, value] of wanted(file, merged)) setIn(merged, path, value)
  return patch(before, merged)
}

function intoYaml(before: string, file: AgentFile): string {
  const document = yamlOf(before)
  if (Array.isArray(file.set)) intoYamlList(document, [], file)
  else {
    if (document.contents !== null && !isMap(document.contents)) throw new Error('it is not a map of settings')
    for (const [path, value] of wanted(file, document.toJS())) {
      if (file.key !== undefined && Array.isArray(value)) intoYamlList(document, path, { ...file, set: value })
      else document.setIn(path, value)
    }
  }
  return document.toString()
}

function intoYamlList(document: Document, path: string[], { set, key = '' }: AgentFile): void {
  const found = path.length === 0 ? document.contents : document.getIn(path)
  if (found === undefined || found === null) {
    if (path.length === 0) document.contents = document.createNode(set)
    else document.setIn(path, document.createNode(set))
    return
  }
  if (!isSeq(found))
    throw new Error(path.length === 0 ? 'it is not a list of entries' : `${path.join('.')} is not a list`)
  const added: unknown[] = []
  for (const entry of set as Settings[]) {
    const own = found.items.find((item) => isMap(item) && item.get(key) === entry[key])
    if (isMap(own)) for (const [name, value] of Object.entries(entry)) own.set(name, document.createNode(value))
    else added.push(document.createNode(entry))
  }
  if (found.items.length === 0) found.flow = false
  found.items.unshift(...added)
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

/** What is set, and of what may be missing that which is: values with the way to each. */
function wanted({ set, missing = {} }: AgentFile, there: unknown): [string[], unknown][] {
  const lacks = (path: string[]): boolean => {
    let at = there
    for (const name of path) {
      if (!isSettings(at) || !Object.hasOwn(at, name)) return true
      at = at[name]
    }
    return false
  }
  return [...leaves(missing as Settings).filter(([path]) => lacks(path)), ...leaves(set as Settings)]
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
