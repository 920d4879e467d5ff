/** The house's rules, read out of the source: who may import whom, sizes, names, and what no file may say. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

interface Import {
  from: string
  to: string
  /** Erased when run: a type only. */
  isType: boolean
}

/**
 * What each folder may import besides itself. `types of x` allows types only. `app`, the commands and
 * `main.ts` put the rest together: they may import all, and nothing but they themselves may import them.
 */
const ARROWS: Record<string, string[]> = {
  agents: [],
  runtime: [],
  chat: ['runtime'],
  definition: ['runtime'],
  sandbox: [],
  scheduler: ['chat', 'runtime'],
  ui: ['types of api'],
  store: ['runtime', 'types of api', 'types of gateway', 'types of scheduler'],
  upstream: ['chat', 'runtime', 'definition', 'types of scheduler'],
  gateway: ['chat', 'runtime', 'upstream', 'types of scheduler'],
  config: ['chat', 'runtime', 'definition', 'upstream', 'types of scheduler'],
  api: ['chat', 'runtime', 'types of gateway', 'types of scheduler'],
  prices: ['chat'],
  observability: ['chat', 'runtime', 'types of gateway', 'types of scheduler'],
  replicas: ['chat', 'runtime', 'scheduler', 'types of config'],
  workers: ['chat', 'runtime', 'types of observability', 'types of scheduler'],
  'format-tools': ['chat', 'runtime', 'definition', 'upstream', 'config', 'api', 'observability', 'types of scheduler'],
}
const ASSEMBLY = ['app', 'cli', '.']

/** Folders that hold one file for each thing of one kind, with an index: they may be long. */
const TABLES = ['src/cli/commands', 'src/formats', 'src/upstream/request/transforms', 'src/upstream/template-functions']
/** Files beside each other in one folder, each of which answers another question. */
const MOST_FILES = 15

/** Where a name of a vendor belongs into TypeScript: files that are named for one, and what every client speaks. */
const NAMES_A_VENDOR: Record<string, string> = {
  'src/upstream/auth/aws-sigv4.ts': 'a signature',
  'src/upstream/auth/google-oauth.ts': 'a token exchange',
  'src/upstream/auth/tc3-hmac-sha256.ts': 'a signature',
  'src/upstream/auth/index.ts': 'the table of authorisers',
  'src/upstream/response/framing/aws-event-stream.ts': 'a framing',
  'src/upstream/response/framing/index.ts': 'the table of framings',
  'src/upstream/types.ts': 'tells of the framing above',
  'src/upstream/response/answer-deltas.ts': "that framing's media type",
  'src/upstream/response/transforms/partial-arguments.ts': 'a stream transform of one wire',
  'src/api/chat-completions/response/upstream-chunk/thought-signature.ts': "clients' own name for a field",
  'src/api/inbound/error-shapes.ts': "imports from an API's folder",
  'src/api/messages/errors.ts': "its API's header",
  'src/api/messages/models.ts': "its API's header",
  'src/api/messages/request.ts': "its API's headers",
  'src/api/generate-content/errors.ts': "a type's address, and where its errors are documented",
  'src/app/server.ts': 'registers an API, and the setting that asks for it',
  'src/config/config.ts': 'the same setting',
  'src/config/sections/settings.ts': 'the same setting',
  'src/format-tools/live/recorded-case.ts': 'prefixes of keys, to find and mask them',
}
/** An API that has no other name than its server's. */
const NAMED_FOR_ONE = ['src/api/ollama/']
const VENDORS =
  /\b(anthropic|claude|gemini|google|vertex|bedrock|amazon|aws|azure|groq|mistral|cohere|ollama|deepseek|qwen|dashscope|alibaba|baidu|qianfan|ernie|tencent|hunyuan|minimax|zhipu|moonshot|kimi|volcengine|xai|grok|cerebras|nvidia|cloudflare|watsonx|databricks|snowflake|openrouter|huggingface|sambanova)\b/i

const sources = files('src/**/*.ts')
const imports = sources.flatMap(importsOf)

describe('imports', () => {
  test('each goes along an arrow', () => {
    expect(imports.filter((each) => !isAllowed(each)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  test('each folder has its arrows', () => {
    const folders = new Set(sources.map(folderOf).filter((folder) => !ASSEMBLY.includes(folder)))
    expect([...folders].filter((folder) => !Object.hasOwn(ARROWS, folder))).toEqual([])
  })

  test('an arrow that is not there is found', () => {
    const wrong: Import[] = [
      { from: 'src/runtime/push-source.ts', to: 'src/chat/error.ts', isType: true },
      { from: 'src/definition/hole.ts', to: 'src/chat/delta.ts', isType: true },
      { from: 'src/scheduler/topology/key-group.ts', to: 'src/upstream/format/format.ts', isType: false },
      { from: 'src/api/routes/models.ts', to: 'src/gateway/gateway.ts', isType: false },
      { from: 'src/upstream/attempt.ts', to: 'src/scheduler/scheduler.ts', isType: false },
      { from: 'src/chat/error.ts', to: 'src/app/app.ts', isType: true },
      { from: 'src/format-tools/cases/run-case.ts', to: 'src/cli/commands/check.ts', isType: true },
    ]
    expect(wrong.filter(isAllowed)).toEqual([])
  })

  test('no file imports itself by way of others, for a type either', () => {
    expect(circles(imports)).toEqual([])
    expect(circles([importing('a', 'b'), importing('b', 'c'), importing('c', 'a')])).not.toEqual([])
  })

  test('each ends in .ts or .json and names a file that is there', () => {
    const known = new Set([...sources, ...files('src/**/*.json')])
    expect(imports.filter(({ to }) => !known.has(to)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })
})

describe('files', () => {
  const all = [...sources, ...files('test/**/*.ts')]

  test('none of the source is over 300 lines', () => {
    expect(sources.filter((file) => read(file).split('\n').length > 301)).toEqual([])
  })

  test('the root of the source holds main.ts alone', () => {
    expect(sources.filter((file) => folderOf(file) === '.')).toEqual(['src/main.ts'])
  })

  test('no folder holds more than a reader can take in', () => {
    const byFolder = Map.groupBy(files('src/**/*.*'), dirname)
    const long = [...byFolder].filter(([folder, inside]) => inside.length > MOST_FILES && !TABLES.includes(folder))
    expect(long.map(([folder, inside]) => `${folder}: ${inside.length}`)).toEqual([])
    expect(TABLES.filter((folder) => !byFolder.has(folder))).toEqual([])
  })

  test('each is named in kebab-case, for what it holds', () => {
    expect(all.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(basename(file)))).toEqual([])
    const vague = /(^|[/-])(utils?|helpers?|common|managers?|services?|misc)(-|\.|\/|$)/
    expect(all.filter((file) => vague.test(file))).toEqual([])
  })

  test('none has any, nor goes around the types', () => {
    const loose = /[:<|,]\s*any\s*([[\],;)>|&={]|$)|\bas (any|unknown as)\b|@ts-(ignore|nocheck|expect-error)/m
    const isLoose = (text: string): boolean => loose.test(withoutComments(text).replaceAll(/'[^'\n]*'|`[^`]*`/g, "''"))
    expect(all.filter((file) => isLoose(read(file)))).toEqual([])
    expect(['let a: any', 'f(x as unknown as Y)', 'Map<string, any>'].filter((text) => !isLoose(text))).toEqual([])
  })

  test('no source names a vendor, outside files named for one', () => {
    expect(sources.filter((file) => VENDORS.test(read(file)) && !mayName(file))).toEqual([])
  })

  test('each file that may name one is still there', () => {
    expect(Object.keys(NAMES_A_VENDOR).filter((file) => !sources.includes(file))).toEqual([])
  })
})

function mayName(file: string): boolean {
  return Object.hasOwn(NAMES_A_VENDOR, file) || NAMED_FOR_ONE.some((folder) => file.startsWith(folder))
}

function isAllowed({ from, to, isType }: Import): boolean {
  const [folder, other] = [folderOf(from), folderOf(to)]
  if (folder === other || ASSEMBLY.includes(folder)) return true
  const arrows = ARROWS[folder] ?? []
  return arrows.includes(other) || (isType && arrows.includes(`types of ${other}`))
}

/** The folder under src; `.` for a file that stands in src itself. */
function folderOf(file: string): string {
  const [, folder = '', ...rest] = file.split('/')
  return rest.length === 0 ? '.' : folder
}

function importsOf(from: string): Import[] {
  const text = withoutComments(read(from))
  const written = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b([^'";]*?)from\s*'(\.[^']*)'/g),
    ...text.matchAll(/\bimport\s*\(?()'(\.[^']*)'/g),
  ]
  return written.map(([, names = '', path = '']) => ({
    from,
    to: join(dirname(from), path),
    isType: /^\s*type\b/.test(names) || /^\s*\{(\s*type\s+[\w\s]+,?)+\}\s*$/.test(names),
  }))
}

function circles(arrows: Import[]): string[] {
  const next = Map.groupBy(arrows, ({ from }) => from)
  const found: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const { to } of next.get(file) ?? []) walk(to, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  return found
}

function importing(from: string, to: string): Import {
  return { from, to, isType: false }
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}

function files(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
