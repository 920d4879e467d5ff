/** What the README and the pages beside it say is tried: every command is run, every link and path leads somewhere. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { greeted, run, start } from '../scheduler-http/command-line.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const readme = read('README.md')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
const execute = promisify(execFile)

describe('the README', () => {
  let server: ReturnType<typeof start>
  let address: string
  beforeAll(async () => {
    server = start(['--port', '0'])
    address = await greeted(server)
  }, 60_000)
  afterAll(() => server.kill('SIGTERM'))

  test('is read on a few screens', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(150)
  })

  test('lists every command, and models that are there', () => {
    const named = [...readme.matchAll(/^\| (`.*?`(?: \(.*?\))?(?:, `.*?`)*) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)/g)].map(([, name]) => name),
    )
    expect(Object.keys(COMMANDS).filter((name) => !named.includes(name))).toEqual([])
    const { providers } = parse(read('providers.yaml')) as { providers: Record<string, { models?: object }> }
    const models = [...readme.matchAll(/`([a-z0-9-]+)\/([^`]+)`/g)].filter(([, name = '']) => providers[name])
    expect(models.length).toBeGreaterThan(0)
    expect(models.filter(([, name = '', model = '']) => !Object.hasOwn(providers[name]?.models ?? {}, model))).toEqual(
      [],
    )
  })

  /** `npm start` and `npm ci` are what the server above, and whoever runs this test, have done. */
  test('starts by scripts that are there', () => {
    const commands = blocks('sh').flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    const unknown = commands.filter((line) => line !== '' && !/^(npm (ci|start)( -- .*)?|curl .*)$/.test(line))
    expect(unknown).toEqual([])
    expect(scripts['start']).toContain('src/main.ts')
    expect(existsSync(join(ROOT, 'package-lock.json'))).toBe(true)
  })

  const inOne = blocks('sh').flatMap((block) => block.split('\n').filter((line) => line.startsWith('npm start -- ')))
  test.each(inOne)('%s', { timeout: 60_000 }, async (line) => {
    const { code, output } = await run(line.slice('npm start -- '.length).split(' '))
    expect(code).toBe(0)
    expect(output.trim()).not.toBe('')
  })

  test.each(blocks('sh').filter((block) => block.startsWith('curl')))('%s', async (block) => {
    const { stdout } = await execute('sh', ['-c', block.replaceAll('http://127.0.0.1:9000', address)])
    expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion', model: 'fast' })
  })

  test.each(blocks('ts'))('%s', async (block) => {
    const file = join(import.meta.dirname, `readme-example-${process.pid}.ts`)
    writeFileSync(
      file,
      `${block.replaceAll('http://127.0.0.1:9000', address)}\nconsole.log(answer.choices[0]?.message.content)\n`,
    )
    try {
      const { stdout } = await execute(process.execPath, [file])
      expect(stdout.trim()).not.toBe('')
    } finally {
      rmSync(file)
    }
  })

  test('its providers are a sound configuration', async () => {
    const [block = ''] = blocks('yaml')
    const file = join(import.meta.dirname, `readme-example-${process.pid}.yaml`)
    writeFileSync(file, block)
    try {
      const { code, output } = await run(['check', file], { MINE_API_KEY: 'a-key' })
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('mine') })
    } finally {
      rmSync(file)
    }
  })
})

describe('the pages', () => {
  test.each(PAGES)('%s: every link leads somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path)
    expect(links.filter((path) => !existsSync(join(ROOT, dirname(page), path)))).toEqual([])
  })

  test.each(PAGES)('%s: every file that it names is there', (page) => {
    const named = [...read(page).matchAll(/`((?:src|test|docs|scripts)\/[\w./-]*\w)`/g)].map(([, path = '']) => path)
    const invented = /\b(NAME|without-blank-text)\b/
    expect(named.filter((path) => !invented.test(path) && !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('docs/ARCHITECTURE.md: names rooms and files of src, and at most forty terms', () => {
    const page = read('docs/ARCHITECTURE.md')
    const named = [...page.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)].map(([, path = '']) => path)
    const roots = ['', 'src', 'src/scheduler', 'src/upstream']
    expect(named.length).toBeGreaterThan(20)
    expect(
      named.filter((path) => !path.includes('NAME') && !roots.some((root) => existsSync(join(ROOT, root, path)))),
    ).toEqual([])
    const rooms = /## Rooms[^]*?## Glossary/.exec(page)?.[0] ?? ''
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders.map(({ name }) => name).filter((name) => !rooms.includes(`\`${name}\``))).toEqual([])
    const glossary = /## Glossary[^]*?\n\n\| term[^]*?\n\n/.exec(page)?.[0] ?? ''
    const terms = glossary.match(/^\| (?!term|---)/gm) ?? []
    expect(terms.length).toBeGreaterThan(30)
    expect(terms.length).toBeLessThanOrEqual(40)
  })
})

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\n\`\`\``, 'g'))].map(([, block = '']) => block)
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
