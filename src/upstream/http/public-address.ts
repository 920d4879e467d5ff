import { lookup } from 'node:dns'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import { GatewayError } from '../../chat/error.ts'

/** IPv4 that is not the public internet (IANA's special-purpose registry), and the two addresses of clouds beside it. */
const RESERVED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]

/** Of IPv6 only 2000::/3 is public, and of that not what carries an IPv4 address, documentation and tests. */
const RESERVED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

interface Lists {
  reserved: BlockList
  reservedV6: BlockList
  global: BlockList
}

let lists: Lists | undefined

/** Made when somebody first asks. */
function blockLists(): Lists {
  return (lists ??= {
    reserved: blockList(RESERVED, 'ipv4'),
    reservedV6: blockList(RESERVED_V6, 'ipv6'),
    global: blockList(['2000::/3'], 'ipv6'),
  })
}

function blockList(ranges: string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    list.addSubnet(net, Number(bits), family)
  }
  return list
}

/** Whether an IP address belongs to the public internet: not to this machine, its network, or its cloud's metadata. */
export function isPublicAddress(address: string): boolean {
  const { reserved, reservedV6, global } = blockLists()
  if (isIPv6(address)) return global.check(address, 'ipv6') && !reservedV6.check(address, 'ipv6')
  return isIP(address) === 4 && !reserved.check(address, 'ipv4')
}

/**
 * A name look-up for sockets that gives public addresses only, and refuses a name that has any other. What it gives is
 * what the socket connects to: a second answer of the name server changes nothing.
 */
export function publicLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const [first] = addresses
      const bad = addresses.find(({ address }) => !isAllowed(address))
      if (bad !== undefined || first === undefined)
        return callback(new Error('refused', { cause: notPublic(hostname) }), '')
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** Says the name and not its address: that is nobody's business outside. */
export function notPublic(hostname: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `${hostname} is not on the public internet, so nothing is fetched from it.`,
  )
}
