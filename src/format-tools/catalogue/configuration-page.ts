/** The page of every key of a configuration, from its JSON Schema, as Markdown. */

/** As much of a JSON Schema as the page reads. */
interface Schema {
  $ref?: string
  $defs?: Record<string, Schema>
  type?: string | string[]
  enum?: unknown[]
  description?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  patternProperties?: Record<string, Schema>
  items?: Schema | boolean
  if?: Schema
  then?: Schema
  else?: Schema
}

/** Parts of the schema that stand in several places: told once, and pointed to. */
const SHARED: Record<string, string> = {
  window: 'The map and each item of the list take the same keys.',
}
/** Told elsewhere. */
const ELSEWHERE: Record<string, string> = { template: '[template](WIRE-FORMATS.md)', rule: '[rule](WIRE-FORMATS.md)' }
/** What a value is, where the schema has a name for its kind. */
const KINDS: Record<string, string> = {
  amount: 'number, `250k`',
  count: 'whole number, `10k`',
  duration: 'duration, `30s`',
  size: 'size, `32MiB`',
  headerNames: 'list of header names',
}

const HEAD = `# Configuration: every key

Made by \`npm run docs\` from \`src/config/providers.schema.json\`; a test holds it to that. The file is YAML or JSON
(\`providers.yaml\`, or what \`--config\` or \`BALANCED_CALL_CONFIG\` names). In every text \`\${NAME}\` stands for an environment
variable, \`\${NAME:-default}\` for one with a default, \`$\${\` for \`\${\` itself. A key that is not listed here is an error, told with
its line; \`balanced-call check\` shows what a file amounts to. Editors complete and explain the keys with

\`\`\`yaml
# yaml-language-server: $schema=./src/config/providers.schema.json
\`\`\`

Durations: \`500ms\`, \`30s\`, \`1m30s\`, or milliseconds. Sizes: \`64kB\`, \`32MiB\`, or bytes. Amounts: \`30\`, \`8k\`, \`1.5M\`.
`

export function configurationPage(schema: object): string {
  const root = schema as Schema
  const definitions = root.$defs ?? {}
  const resolved = ({ $ref, ...own }: Schema): Schema =>
    $ref === undefined ? own : { ...resolved(definitions[nameOf($ref)] ?? {}), ...own }
  const top = resolved({ $ref: '#/$defs/config' })
  const told = new Set<string>()
  const sections = Object.entries(top.properties ?? {}).map(([key, node]) => {
    const rows: string[] = []
    told.clear()
    list(key, node, rows)
    return `## \`${key}\`\n\n${resolved(node).description ?? ''}\n\n${table(rows)}`
  })
  const shared = Object.entries(SHARED).map(([name, intro]) => {
    const rows: string[] = []
    told.clear()
    inside('', definitions[name] ?? {}, rows)
    return `## Limits\n\n${definitions['limits']?.description ?? ''} ${intro}\n\n${table(rows)}`
  })
  return [HEAD, ...sections, ...shared].join('\n')

  /** The rows of what stands below a place. */
  function inside(path: string, node: Schema, rows: string[]): void {
    // the short form of a list takes what its long form takes
    const name = node.$ref === undefined ? '' : nameOf(node.$ref)
    if (told.has(name)) return
    if (name !== '') told.add(name)
    const { properties, additionalProperties, patternProperties, items, then, else: otherwise } = resolved(node)
    for (const [key, each] of Object.entries(properties ?? {})) {
      const place = path === '' ? key : `${path}.${key}`
      rows.push(`| \`${place}\` | ${kindOf(each)} | ${cell(resolved(each).description ?? '')} |`)
      list(place, each, rows)
    }
    for (const each of [additionalProperties, ...Object.values(patternProperties ?? {})]) {
      if (typeof each !== 'object') continue
      const kind = each.$ref === undefined ? undefined : ELSEWHERE[nameOf(each.$ref)]
      if (kind !== undefined) rows.push(`| \`${path}.<name>\` | ${kind} | ${cell(resolved(each).description ?? '')} |`)
      list(`${path}.<name>`, each, rows)
    }
    if (typeof items === 'object') list(`${path}[]`, items, rows)
    for (const branch of [then, otherwise]) if (branch) inside(path, branch, rows)
  }

  function list(path: string, node: Schema, rows: string[]): void {
    const name = node.$ref === undefined ? '' : nameOf(node.$ref)
    if (!Object.hasOwn(ELSEWHERE, name) && name !== 'limits' && !Object.hasOwn(SHARED, name)) inside(path, node, rows)
  }

  function kindOf(node: Schema): string {
    const name = node.$ref === undefined ? '' : nameOf(node.$ref)
    if (name === 'limits') return '[limits](#limits)'
    const known = KINDS[name] ?? ELSEWHERE[name]
    if (known !== undefined) return known
    const { enum: values, type } = resolved(node)
    if (values) return values.map((value) => `\`${String(value)}\``).join(', ')
    const types = typeof type === 'string' ? [type] : (type ?? [])
    return types.map((each) => WORDS[each] ?? each).join(' or ')
  }
}

const WORDS: Record<string, string> = {
  array: 'list',
  object: 'map',
  string: 'text',
  boolean: 'true, false',
  null: '~',
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

function table(rows: readonly string[]): string {
  const unique = [...new Set(rows)]
  return unique.length === 0 ? '' : `| key | value | meaning |\n|---|---|---|\n${unique.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
