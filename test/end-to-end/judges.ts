/** The judges that lie beside the project: they start the gateway by `npm start` before replayed upstreams, and ask it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const project = path.resolve(import.meta.dirname, '../..')
const folder = path.resolve(project, '../shared/conformance')

export const isPresent = existsSync(path.join(folder, 'inbound.mjs'))

/** All that chat completions can be asked of. */
export const FAMILIES_OF_CHAT = 'openai-chat,anthropic,gemini,bedrock-converse,cohere,ollama,openai-responses'
const FAMILIES = 'openai-chat,anthropic,gemini,bedrock-converse,cohere,openai-responses'

/** Whose families are the judge's own choice. */
const BY_THEMSELVES = new Set(['embeddings', 'completions'])

/** What a judge and this server see differently, and why this server stays with it. */
const OBJECTIONS = [
  // the upstream has no such model, which is 404 here whatever the upstream's own status was; the judge takes any 404 for a lack of an endpoint
  'bedrock-converse-json-bedrock-error-0',
  // an image by an id of one vendor's own files, which no other could read: the request is refused by name
  'anthropic-messages-json-multimodal-tool-return-matrix-direct-uploaded-file-image-ant-1',
  // the same of files that OpenAI keeps: chat completions of another account could not read them
  'openai-responses-json-multimodal-tool-return-matrix-direct-uploaded-file-image-ope-1',
  'openai-responses-json-multimodal-tool-return-matrix-tool-return-content-uploaded-f-1',
  // it fails before anything was said, which may go to another key; where none is left it is an HTTP error, which SDKs raise
  'openai-responses-stream-openai-error-1',
  // `tools` is one object here, which the API takes and this server translates; the judge reads a list alone, and throws
  'gemini-generate-json-multiple-agent-tool-calls-1',
]

/** Chat completions. Resolves with what the judge printed. */
export function judge(...args: string[]): Promise<string> {
  return run('conformance.mjs', args)
}

/** Another client API, over every recorded upstream. */
export function judgeFor(api: string, ...args: string[]): Promise<string> {
  return run('inbound.mjs', ['--api', api, ...(BY_THEMSELVES.has(api) ? [] : ['--families', FAMILIES]), ...args])
}

function run(file: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(folder, file), '--verbose', ...args],
      { cwd: project, maxBuffer: 1 << 24 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    )
  })
}

/** The lines of what is wrong, but for what is objected to. */
export function refusals(output: string): string[] {
  return output.split('\n').filter((line) => line.includes('✗') && !OBJECTIONS.some((id) => line.includes(`| ${id} |`)))
}
