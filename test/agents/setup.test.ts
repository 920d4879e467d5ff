/** `setup`: what stands in a tool's configuration stays, and what is no configuration is not written over. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { agentNames, fillIn, readAgents, type AgentFile, type Endpoint } from '../../src/agents/agent.ts'
import { mergeSettings } from '../../src/agents/merge-settings.ts'

const ENDPOINT: Endpoint = { origin: 'http://127.0.0.1:9000', key: 'bc-key', model: 'smart', smallModel: 'fast' }

function filesOf(name: string): AgentFile[] {
  return fillIn(readAgents()[name]?.files ?? [], ENDPOINT)
}

function fileOf(name: string): AgentFile {
  const file = filesOf(name).at(-1)
  if (!file) throw new Error(`no file for ${name}`)
  return file
}

describe('a setup', () => {
  test.each(agentNames(readAgents()))('of %s is the same when it is written twice', (name) => {
    const written = filesOf(name).map((file) => {
      const once = mergeSettings('', file)
      expect(mergeSettings(once, file)).toBe(once)
      return once
    })
    expect(written.join('')).toContain('127.0.0.1:9000')
    expect(written.join('')).not.toContain('${')
  })

  test('keeps comments and settings of JSON', () => {
    const before = '{\n  // mine\n  "theme": "dark",\n  "env": { "A": "1" }, // and this\n}\n'
    const after = mergeSettings(before, fileOf('claude'))
    expect(after).toContain('// mine')
    expect(after).toContain('// and this')
    expect(after).toContain('"theme": "dark"')
    expect(after).toContain('"A": "1"')
    expect(after).toContain('"ANTHROPIC_BASE_URL": "http://127.0.0.1:9000"')
  })

  test('keeps comments, tables and other providers of TOML', () => {
    const before = [
      '# mine',
      'model = "gpt-5" # the old one',
      'approval_policy = "never"',
      '',
      '[model_providers.other]',
      'name = "Other"',
      '',
      '[mcp_servers.files]',
      'command = "files"',
      '',
    ].join('\n')
    const after = mergeSettings(before, fileOf('codex'))
    expect(after).toContain('# mine')
    expect(after).toContain('# the old one')
    expect(after).toMatch(/^model = "smart"/m)
    expect(after).toContain('[mcp_servers.files]')
    expect(after).toContain('[model_providers.other]')
    expect(after).toContain('base_url = "http://127.0.0.1:9000/v1"')
  })

  test('keeps comments of YAML, and replaces its own entry of a list alone', () => {
    expect(mergeSettings('# mine\ndark-mode: true\n', fileOf('aider'))).toMatch(/^# mine\ndark-mode: true\n/)
    const list = mergeSettings('- model_id: other\n  api_base: x\n- model_id: smart\n  api_base: old\n', fileOf('llm'))
    expect(list).toContain('model_id: other')
    expect(list).not.toContain('old')
    expect(list.match(/model_id/g)).toHaveLength(2)
  })

  test('goes first in a list of YAML whose first entry counts, and keeps what its own entry says beside', () => {
    const before = [
      'name: Mine',
      'models:',
      '  # the best one',
      '  - name: other',
      '    provider: x',
      'rules: [Be kind.]',
      '',
    ].join('\n')
    const after = mergeSettings(before, fileOf('continue'))
    expect(parse(after)).toEqual({
      name: 'Mine',
      version: '1.0.0',
      schema: 'v1',
      rules: ['Be kind.'],
      models: [expect.objectContaining({ name: 'balanced-call', model: 'smart' }), { name: 'other', provider: 'x' }],
    })
    expect(after).toContain('# the best one')
    const own = before.replace('name: other\n', 'name: balanced-call\n    model: old\n    timeout: 9 # mine\n')
    const again = mergeSettings(own, fileOf('continue'))
    expect(parse(again).models).toEqual([expect.objectContaining({ provider: 'openai', model: 'smart', timeout: 9 })])
    expect(again).toContain('# mine')
    expect(() => mergeSettings('models: none', fileOf('continue'))).toThrow('models is not a list')
    expect(parse(mergeSettings('models:', fileOf('continue'))).models).toHaveLength(1)
  })

  test('leaves what a tool has written of itself, and other providers', () => {
    const mine = { settings: { provider: 'mine', apiKey: 'k' }, updatedAt: '2026-05-01T00:00:00.000Z' }
    const ours = { settings: { headers: { a: 'b' } }, updatedAt: '2026-06-01T00:00:00.000Z', tokenSource: 'migration' }
    const before = JSON.stringify({ version: 1, providers: { mine, 'openai-compatible': ours } })
    expect(JSON.parse(mergeSettings(before, fileOf('cline')))).toEqual({
      version: 1,
      lastUsedProvider: 'openai-compatible',
      providers: {
        mine,
        'openai-compatible': {
          ...ours,
          settings: {
            headers: { a: 'b' },
            provider: 'openai-compatible',
            apiKey: 'bc-key',
            model: 'smart',
            baseUrl: 'http://127.0.0.1:9000/v1',
          },
        },
      },
    })
  })

  test('replaces a variable where it stands', () => {
    const after = mergeSettings('A=1\nexport GEMINI_API_KEY=old\nB=2', fileOf('gemini'))
    expect(after).toBe(
      'A=1\nGEMINI_API_KEY=bc-key\nB=2\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9000\nGEMINI_MODEL=smart\n',
    )
  })

  test.each([
    ['claude', '{ "env": '],
    ['aider', 'a: [1'],
    ['aider', '- a list'],
    ['llm', 'a: map'],
    ['codex', 'model = '],
    ['continue', '- a list'],
    ['cline', '{ "version": '],
  ])('of %s refuses a file that it cannot read: %s', (name, before) => {
    expect(() => mergeSettings(before, fileOf(name))).toThrow()
  })
})
