/**
 * What a request holds while it waits: the bytes that it came in, and not what was made of them, which is up to three times as much.
 * Whoever waits briefly is left as it is, as to read it again costs as much as to read it.
 */
import { addDeadline, removeDeadline, type Deadline } from '../../runtime/deadline-timer.ts'
import type { ChatRequest } from '../../chat/request.ts'

/** Milliseconds in the queue. */
const BRIEF = 250

/**
 * The same promise, during which the request may shed what can be read again.
 * @param isWanted is it wanted when there is no lease as well? Nobody reads what a refused request asked
 */
export function held<T>(request: ChatRequest, wait: Promise<T>, isWanted: boolean): Promise<T> {
  const { again } = request
  return again === undefined ? wait : whileHeld(new Held(request, again), wait, isWanted)
}

async function whileHeld<T>(waiting: Held, wait: Promise<T>, isWanted: boolean): Promise<T> {
  addDeadline(waiting)
  let isGiven = false
  try {
    const given = await wait
    isGiven = true
    return given
  } finally {
    removeDeadline(waiting)
    if (isGiven || isWanted) waiting.restore()
  }
}

class Held implements Deadline {
  due = performance.now() + BRIEF
  private isShed = false
  private readonly request: ChatRequest
  private readonly again: NonNullable<ChatRequest['again']>

  constructor(request: ChatRequest, again: NonNullable<ChatRequest['again']>) {
    this.request = request
    this.again = again
  }

  expire(): void {
    this.isShed = true
    const { request } = this
    request.messages = []
    request.body = {}
    request.tools &&= []
    request.vendor_tools &&= []
    request.received = undefined
    if (request.native) request.native = { api: request.native.api, headers: request.native.headers, body: {} }
    this.again.release()
  }

  restore(): void {
    if (!this.isShed) return
    const { request } = this
    const { messages, body, tools, vendor_tools, received, native } = this.again.read()
    Object.assign(request, { messages, body, received, native })
    if (tools) request.tools = tools
    if (vendor_tools) request.vendor_tools = vendor_tools
  }
}
