/** Things in an order that each can join and leave at once, and that needs no memory beside theirs. */

/** One thing's place in one list. Made with the thing, so that joining and leaving make nothing. */
export class ListNode<Item> {
  readonly item: Item
  before: ListNode<Item> | undefined = undefined
  after: ListNode<Item> | undefined = undefined

  constructor(item: Item) {
    this.item = item
  }
}

export class LinkedList<Item> {
  size = 0
  first: ListNode<Item> | undefined = undefined
  last: ListNode<Item> | undefined = undefined

  /** Puts a link that is in no list behind the last. */
  push(link: ListNode<Item>): void {
    link.before = this.last
    if (this.last) this.last.after = link
    else this.first = link
    this.last = link
    this.size++
  }

  /** Takes out a link that is in this list. */
  remove(link: ListNode<Item>): void {
    const { before, after } = link
    if (before) before.after = after
    else this.first = after
    if (after) after.before = before
    else this.last = before
    link.before = undefined
    link.after = undefined
    this.size--
  }

  /** Makes it the last. */
  renew(link: ListNode<Item>): void {
    if (link === this.last) return
    this.remove(link)
    this.push(link)
  }

  clear(): void {
    this.size = 0
    this.first = undefined
    this.last = undefined
  }

  /** From the first to the last; the one that was given may leave meanwhile. */
  *[Symbol.iterator](): Generator<Item> {
    for (let link = this.first; link;) {
      const { item, after } = link
      yield item
      link = after
    }
  }
}
