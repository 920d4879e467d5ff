/** LangChain's standard tests of chat models, against the sandbox of a server of its own: with no upstream but what ships. */
import { writeFileSync } from 'node:fs'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { python, type Client } from './client-list.ts'

const KEY = 'key-of-a-client-0001'
const SUITE = python('langchain-tests', '1.1.9', { packages: ['langchain-tests==1.1.9', 'langchain-openai==1.7.4'] })

type Output = (command: ReturnType<Client['prepare']>, env: NodeJS.ProcessEnv) => Promise<string>

export const langchainSuite = {
  name: SUITE.name,
  /** `folder`: where it is installed; `outputOf` runs it. Says how many tests pass and which do not. */
  async run(folder: string, outputOf: Output): Promise<{ about: string; faults: number }> {
    const command = SUITE.prepare(folder)
    const config = `${folder}.yaml`
    const sandbox = { format: 'openai', base_url: 'sandbox:', keyless: true, models: ['sandbox'] }
    const models = { fast: ['sandbox/sandbox'], other: ['sandbox/sandbox'] }
    writeFileSync(config, JSON.stringify({ server: { api_keys: [KEY] }, providers: { sandbox }, models }))
    const server = start(['serve', '--config', config, '--port', '0'])
    try {
      const output = await outputOf(command, { CLIENT_URL: `${await greeted(server)}/v1`, CLIENT_KEY: KEY })
      const tests = output.split('\n').flatMap((line) => (line.includes('\t') ? [line.split('\t')] : []))
      const failing = tests.filter(([, words]) => words !== 'yes' && words !== 'skipped')
      for (const [name, words] of failing) console.log(`no    ${SUITE.name.padEnd(18)} ${name} ${words?.slice(0, 200)}`)
      const passed = tests.filter(([, words]) => words === 'yes').length
      const faults = failing.map(([name]) => `; not ${name}`).join('')
      const about = `version ${SUITE.version} by langchain-openai 1.7.4 against the sandbox: ${passed} tests pass${faults}`
      return { about, faults: passed === 0 ? 1 : failing.length }
    } finally {
      server.kill('SIGKILL')
    }
  },
}
