/** `convert`: the workbench of a definition: the exact request that would be sent, or what a client would get for an answer. */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { createChunkWriter } from '../../api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import type { Delta } from '../../chat/delta.ts'
import { errorBody, GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Config, Provider } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { convertedRequest } from '../../app/converted-request.ts'
import { withPlaceholderKeys } from '../placeholder-env.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  to: { type: 'string' },
  config: { type: 'string' },
  response: { type: 'string' },
  status: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 0)
  if (values.to === undefined) throw new UsageError('convert needs --to PROVIDER/MODEL')
  const slash = values.to.indexOf('/')
  const model = values.to.slice(slash + 1)
  if (slash < 1 || model === '') throw new UsageError(`"${values.to}" is not PROVIDER/MODEL`)
  const config = loadConfig(configFile(values.config), withPlaceholderKeys(process.env))
  const provider = findProvider(config, values.to.slice(0, slash))
  const body = readJson(await text(process.stdin))
  try {
    const request = parseChatRequest(body)
    if (values.response === undefined && values.json)
      console.log(JSON.stringify(await convertedRequest(request, provider, model), null, 2))
    else if (values.response === undefined) console.log(await showRequest(request, provider, model))
    else console.log(showAnswer(request, provider, readFileSync(values.response), Number(values.status ?? 200)))
    return 0
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const body = errorBody(error)
    console.log(
      values.json
        ? JSON.stringify({ status: error.status, body }, null, 2)
        : `HTTP ${error.status}\n${JSON.stringify(body, null, 2)}`,
    )
    return 1
  }
}

function findProvider(config: Config, name: string): Provider {
  const found = config.providers.find((provider) => provider.name === name)
  if (found) return found
  const names = config.providers.map((provider) => provider.name)
  throw new UsageError(`no provider "${name}" in ${config.file}${didYouMean(name, names)} (${names.join(', ')})`)
}

function readJson(source: string): Record<string, unknown> {
  try {
    return JSON.parse(source) as Record<string, unknown>
  } catch (cause) {
    throw new UsageError(
      `standard input is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

async function showRequest(request: ChatRequest, provider: Provider, model: string): Promise<string> {
  const { method, url, headers, body, warnings } = await convertedRequest(request, provider, model)
  const lines = [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    JSON.stringify(body, null, 2),
    ...warnings.map((warning) => `\nwarning: ${warning}`),
  ]
  return lines.join('\n')
}

/** The answer's bytes through the definition, as a client would get them: a completion, or chunks when it asked for a stream. */
function showAnswer(request: ChatRequest, provider: Provider, bytes: Buffer, status: number): string {
  const { format } = provider
  if (status > 299) throw format.decodeError({ status, headers: {} }, bytes.toString('utf8'))
  const deltas: Delta[] = []
  let terminated = true
  const whole = parseWhole(bytes)
  if (whole !== undefined && !request.stream) deltas.push(...format.decodeBody(whole, request))
  else {
    const framer = format.framing()
    const decoder = format.decoder(request)
    terminated = false
    for (const event of [...framer.push(bytes), ...framer.end()])
      terminated = decoder.decode(event, deltas) || terminated
    decoder.end(deltas)
  }
  const meta = { model: request.model, created: Math.floor(Date.now() / 1000) }
  if (request.stream) {
    const writer = createChunkWriter(request, meta)
    return writer.write(deltas) + writer.end(terminated)
  }
  const completion = createCompletion(request, meta)
  completion.take(deltas)
  return JSON.stringify(completion.end(terminated), null, 2)
}

function parseWhole(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
