/** What is known by name, up to a number of names: the one that was used longest ago is forgotten. */
import { LinkedList, ListNode } from './linked-list.ts'

interface Entry<Value> {
  readonly name: string
  value: Value
}

export class LruMap<Value> {
  private readonly most: number
  private readonly byName = new Map<string, ListNode<Entry<Value>>>()
  private readonly order = new LinkedList<Entry<Value>>()

  constructor(most: number) {
    this.most = most
  }

  /** Does not count as a use. */
  get(name: string): Value | undefined {
    return this.byName.get(name)?.item.value
  }

  /** The same, as a use. */
  use(name: string): Value | undefined {
    const link = this.byName.get(name)
    if (link) this.order.renew(link)
    return link?.item.value
  }

  set(name: string, value: Value): void {
    const known = this.byName.get(name)
    if (known) {
      known.item.value = value
      return this.order.renew(known)
    }
    const link = new ListNode<Entry<Value>>({ name, value })
    this.byName.set(name, link)
    this.order.push(link)
    const oldest = this.order.first
    if (this.order.size <= this.most || !oldest) return
    this.order.remove(oldest)
    this.byName.delete(oldest.item.name)
  }

  *values(): Generator<Value> {
    for (const { value } of this.order) yield value
  }
}
