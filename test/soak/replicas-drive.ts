/** Clients of a fleet: requests at a steady rate, each client at its own replica; who is told to come back later does. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

export interface Driven {
  /** Each answer: whose it was, and when it came (milliseconds since 1970). */
  served: { client: number; at: number }[]
  /** Any outcome but an answer, by status. */
  others: Record<string, number>
  /** Milliseconds. */
  elapsed: number
}

const BODY = JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'Hello' }] })

interface Plan {
  rate: number
  clients: number
  seconds: number
}

if (!isMainThread) {
  const [addresses, plan] = workerData as [string[], Plan]
  parentPort?.postMessage(await driveHere(addresses, plan), [])
}

/** In a thread of its own, so that the provider beside it is not late. */
export function drive(addresses: readonly string[], plan: Plan): Promise<Driven> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: [addresses, plan] })
    worker.once('message', resolve).once('error', reject)
  })
}

async function driveHere(addresses: readonly string[], { rate, clients, seconds }: Plan): Promise<Driven> {
  const agent = new Agent({ connections: 256, pipelining: 1 })
  const served: Driven['served'] = []
  const others: Record<string, number> = {}
  const begun = performance.now()
  const all: Promise<void>[] = []
  const ask = async (client: number): Promise<void> => {
    const told = await one(agent, addresses[client % addresses.length] ?? '', `c${client}`)
    if (told === '200') served.push({ client, at: Date.now() })
    else others[told] = (others[told] ?? 0) + 1
  }
  for (let sent = 0; performance.now() - begun < seconds * 1000;) {
    const due = Math.floor(((performance.now() - begun) * rate) / 1000)
    for (; sent < due; sent++) all.push(ask(sent % clients))
    await sleep(5)
  }
  const elapsed = performance.now() - begun
  await Promise.all(all)
  await agent.close()
  return { served, others, elapsed }
}

async function one(agent: Agent, address: string, client: string): Promise<string> {
  try {
    const answer = await request(`${address}/v1/chat/completions`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-client': client },
      body: BODY,
    })
    await answer.body.dump()
    return String(answer.statusCode)
  } catch {
    return 'no answer'
  }
}
