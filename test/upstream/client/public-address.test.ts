import * as fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../../src/upstream/http/public-address.ts'

/** Ranges that we keep out and the library calls unicast: a cloud's metadata, and what is not handed out at all. */
const OURS_ALONE = (address: string): boolean => address === '168.63.129.16'

describe('an address of the public internet', () => {
  it('is never one that a library knows as private, reserved or local', () => {
    const v4 = fc.ipV4()
    const near = fc
      .tuple(
        fc.constantFrom('10.', '127.', '169.254.', '172.16.', '172.31.', '192.168.', '100.64.', '198.18.'),
        fc.nat(255),
      )
      .map(([head, last]) => `${head}${Array.from({ length: 4 - head.split('.').length }, () => '0.').join('')}${last}`)
    fc.assert(
      fc.property(fc.oneof(v4, near, fc.ipV6()), (address) => {
        // The library reads what the resolver would not give: forms with a zone or with fewer parts.
        fc.pre(ipaddr.isValid(address))
        const range = ipaddr.parse(address).range()
        if (range !== 'unicast') expect(isPublicAddress(address), `${address} is ${range}`).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('is every other IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (ipaddr.parse(address).range() === 'unicast' && !OURS_ALONE(address)) {
          expect(isPublicAddress(address), address).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
