/** Asks a vendor which models it has, page by page. */
import type { Provider, ProviderKey } from '../../config/config.ts'
import { GatewayError } from '../../chat/error.ts'
import { createCanceller } from '../../runtime/cancellation.ts'
import { parseJson } from '../../runtime/json/json.ts'
import { readText } from '../../upstream/http/read-body.ts'
import type { Client, ClientAnswer, ListedModel, UpstreamRequest } from '../../upstream/types.ts'

/** Milliseconds. */
const TIMEOUTS = { connect: 10_000, first_byte: 30_000, idle: 30_000, total: 60_000 }
/** Bytes of a page, and pages: who has more does not tell an end. */
const MOST_BYTES = 32 * 1024 * 1024
const MOST_PAGES = 100

/** Throws a GatewayError where the vendor has no list, or does not give it to this key. */
export async function askModels(
  provider: Provider,
  secret: ProviderKey['secret'],
  client: Client,
): Promise<ListedModel[]> {
  const { format, base_url, headers } = provider
  const wire = format.modelList
  if (!wire)
    throw new GatewayError('unsupported', `the format ${format.name} says of no list of models: see model_list`)
  const target = { base_url, model: '', secret, headers }
  const found = new Map<string, ListedModel>()
  let page: string | undefined
  for (let count = 0; count < MOST_PAGES; count++) {
    const request = wire.encode(target, page)
    const answer = await send(request)
    const text = await readText(answer.body, MOST_BYTES)
    if (answer.status < 200 || answer.status > 299) throw format.decodeError(answer, text)
    const listed = wire.decode(parseJson(text))
    if (!listed)
      throw new GatewayError('bad_answer', `${request.url.split('?')[0]} answered ${answer.status} without a list`)
    for (const model of listed.models) found.set(model.id, model)
    if (listed.next === undefined || listed.models.length === 0) break
    page = listed.next
  }
  return [...found.values()]

  async function send(request: UpstreamRequest): Promise<ClientAnswer> {
    const options = { signal: createCanceller(), timeouts: TIMEOUTS }
    const fetch = async (exchange: UpstreamRequest): Promise<{ status: number; body: string }> => {
      const answer = await client.send(exchange, options)
      return { status: answer.status, body: await readText(answer.body, MOST_BYTES) }
    }
    const signed = (await format.authorize?.(request, { secret, now: Date.now(), fetch })) ?? request
    return client.send(signed, options)
  }
}
