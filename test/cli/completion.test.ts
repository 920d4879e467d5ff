/** The scripts that shells read: each shell that is here takes its own, and completes with it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { completionScript, SHELLS } from '../../src/cli/completion.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

it.each(SHELLS)('%s finds every command and option', (shell) => {
  const script = completionScript(shell, COMMANDS)
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    expect(script).toContain(name)
    for (const option of Object.keys(options))
      for (const [, each] of option.matchAll(/--([\w-]+)/g)) expect(script).toMatch(new RegExp(`[ '-]${each}[ '"[]`))
  }
})

it.each(SHELLS.map((shell) => [shell, spawnSync(shell, ['-c', 'true']).status === 0] as const))(
  '%s takes it (here: %s)',
  (shell, isHere) => {
    if (!isHere) return
    const file = path.join(folder, shell)
    writeFileSync(file, completionScript(shell, COMMANDS))
    expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' }).stderr).toBe('')
  },
)

it('completes in bash', () => {
  const file = path.join(folder, 'tried')
  writeFileSync(file, completionScript('bash', COMMANDS))
  const complete = (...words: string[]): string => {
    const line = `source ${file}; COMP_WORDS=(${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length - 1}; _balanced_call; echo "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stdout.trim()
  }
  expect(complete('balanced-call', 'st')).toBe('status')
  expect(complete('balanced-call', 'serve', '--wor')).toBe('--workers')
  expect(complete('balanced-call', 'logs', '--pro')).toBe('--provider')
  expect(complete('balanced-call', 'keys', 'ro')).toBe('rotate')
  expect(complete('balanced-call', 'keys', '--usd-m')).toBe('--usd-month')
  expect(complete('balanced-call', 'keys', 'create', 'alice', '--usd-d')).toBe('--usd-day')
})
