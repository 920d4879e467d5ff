/** Lists of `when`/`emit`: every rule that takes an event adds to what it says. */
import { onlyKeys } from './cases.ts'
import { watched, type Template, type TemplateContext } from './context.ts'
import { DefinitionError, type Path } from './error.ts'
import { didYouMean } from './near-miss.ts'
import { compilePattern } from './pattern.ts'
import { isMap, type Frame, type Pattern } from './scope.ts'

/** Appends what the rules emit for a value (and the event's name, for framings that have one). */
export type Rules = (value: unknown, name: string | undefined, frame: Frame, out: Record<string, unknown>[]) => void

interface Rule {
  name: string | undefined
  test: Pattern
  emit: Template
  literals: Map<string, string>
}

const KEYS = new Set(['when', 'emit', 'event'])

/** @param words the keys that an emitted map may have */
export function compileRules(nodes: unknown, context: TemplateContext, path: Path, words: ReadonlySet<string>): Rules {
  if (!Array.isArray(nodes)) throw new DefinitionError('rules are a list of { when, emit }', path)
  const rules = nodes.map((node: unknown, i) => compileRule(node, context, [...path, i], words))
  const key = discriminator(rules)
  if (key === undefined) return (value, name, frame, out) => run(rules, value, name, frame, out)

  // most vendors name the event in one key: look its rules up instead of asking all
  const table = new Map<string, Rule[]>()
  const rest = rules.filter((rule) => !rule.literals.has(key))
  for (const rule of rules) {
    const word = rule.literals.get(key)
    if (word !== undefined && !table.has(word)) {
      table.set(
        word,
        rules.filter((each) => (each.literals.get(key) ?? word) === word),
      )
    }
  }
  return (value, name, frame, out) => {
    const word = isMap(value) ? value[key] : undefined
    run((typeof word === 'string' ? table.get(word) : undefined) ?? rest, value, name, frame, out)
  }
}

function compileRule(node: unknown, context: TemplateContext, path: Path, words: ReadonlySet<string>): Rule {
  if (!isMap(node)) throw new DefinitionError('a rule is { when, emit }', path)
  onlyKeys(node, KEYS, path)
  if (!Object.hasOwn(node, 'emit')) throw new DefinitionError('a rule needs emit', path)
  const name = node['event']
  if (name !== undefined && typeof name !== 'string')
    throw new DefinitionError('event is the name of an event', [...path, 'event'])
  if (!Object.hasOwn(node, 'when') && name === undefined) throw new DefinitionError('a rule needs when', path)
  const scope = context.scope.inner()
  const when = node['when']
  const test = Object.hasOwn(node, 'when') ? compilePattern(when, scope, [...path, 'when']) : () => true
  checkWords(node['emit'], words, [...path, 'emit'])
  const emit = context.compile(node['emit'], { ...context, scope }, [...path, 'emit'])
  const literals = new Map<string, string>()
  if (isMap(when)) {
    for (const [key, value] of Object.entries(when)) {
      if (typeof value === 'string' && !value.startsWith('$')) literals.set(key, value)
    }
  }
  return { name, test: watched(test, context, path), emit, literals }
}

/** What is emitted may use the known words only: a misspelt one would be lost without a sound. */
function checkWords(node: unknown, words: ReadonlySet<string>, path: Path): void {
  if (Array.isArray(node)) return node.forEach((item, i) => checkWords(item, words, [...path, i]))
  if (!isMap(node)) return
  const operator = Object.keys(node).some((key) => key.startsWith('$'))
  if (operator) {
    if (Object.hasOwn(node, 'then')) checkWords(node['then'], words, [...path, 'then'])
    const cases = node['cases']
    if (Array.isArray(cases)) {
      cases.forEach((each: unknown, i) => {
        if (isMap(each)) checkWords(each['then'], words, [...path, 'cases', i, 'then'])
      })
    }
    return
  }
  for (const key of Object.keys(node)) {
    if (key === '<<' || words.has(key)) continue
    const message = `"${key}" cannot be emitted${didYouMean(key, words)} (${[...words].join(', ')})`
    throw new DefinitionError(message, [...path, key], 'key')
  }
}

function discriminator(rules: Rule[]): string | undefined {
  if (rules.length < 4) return undefined
  const count = new Map<string, number>()
  for (const rule of rules) for (const key of rule.literals.keys()) count.set(key, (count.get(key) ?? 0) + 1)
  const [key, most] = [...count].sort((a, b) => b[1] - a[1])[0] ?? [undefined, 0]
  return most * 2 > rules.length ? key : undefined
}

function run(
  rules: Rule[],
  value: unknown,
  name: string | undefined,
  frame: Frame,
  out: Record<string, unknown>[],
): void {
  for (const rule of rules) {
    if (rule.name !== undefined && rule.name !== name) continue
    if (!rule.test(value, frame)) continue
    add(rule.emit(frame), out)
  }
}

function add(emitted: unknown, out: Record<string, unknown>[]): void {
  if (Array.isArray(emitted)) for (const each of emitted) add(each, out)
  else if (isMap(emitted)) out.push(emitted)
}
