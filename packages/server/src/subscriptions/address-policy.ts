import type { IPv4, IPv6 } from 'ipaddr.js'
import type { WebhookPolicy } from './webhook-transport.js'
import ipaddr from 'ipaddr.js'

/** Public addresses behind which clouds have put their metadata. */
const METADATA: readonly string[] = ['168.63.129.16']
/** The part of IPv6 that is given out for the public; what lies outside is local or reserved. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
/** Names that never lead out, or that mean something else on every network. */
const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|localdomain|home\.arpa)$/
const LOCALHOST = 'localhost'
const MAX_URL_LENGTH = 2_048

/**
 * Decides by name and by address which webhooks may be called: public ones only, unless the policy names a network or
 * is for development. Whatever is not plainly public is refused: private, loopback, link-local, carrier-grade,
 * multicast, reserved, and IPv6 addresses that carry an IPv4 address in them. @see PROTOCOL §6.2
 */
export class AddressPolicy {
  readonly #policy: WebhookPolicy
  readonly #networks: readonly (readonly [IPv4 | IPv6, number])[]

  /** Throws a RangeError for a network that is none. */
  constructor(policy: WebhookPolicy) {
    this.#policy = policy
    this.#networks = (policy.allowedNetworks ?? []).map((text) => {
      if (!ipaddr.isValidCIDR(text)) throw new RangeError(`${text} is no network such as 10.0.0.0/8`)
      return ipaddr.parseCIDR(text)
    })
  }

  /** Why a URL is refused, as far as it can be told without asking anybody; null when it is not. */
  refuseUrl(text: string): string | null {
    if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) return 'it is no URL'
    const url = new URL(text)
    const host = hostOf(url)
    const isLocalhost = this.#isDevelopmentHost(host)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocalhost)) return 'it is not https'
    if (url.username !== '' || url.password !== '') return 'it has credentials in it'
    if (!this.#isAllowedPort(url)) return 'its port is not allowed'
    if (!this.#isAllowedHost(host)) return 'its host is not allowed'
    if (ipaddr.isValid(host)) return this.refuseAddress(host, host)
    if (isLocalhost) return null
    return !host.includes('.') || LOCAL_NAMES.test(host) ? 'its host is a local name' : null
  }

  /** Why an address that a host has turned out to have is refused; null when it may be connected to. */
  refuseAddress(address: string, host: string): string | null {
    if (!ipaddr.isValid(address)) return 'its address is none'
    const parsed = ipaddr.parse(address)
    if (this.#isDevelopmentHost(host) && parsed.range() === 'loopback') return null
    if (this.#networks.some(([network, bits]) => isWithin(parsed, network, bits))) return null
    return isPublic(parsed) ? null : `its address is not public (${parsed.range()})`
  }

  /** `[::1]` is no exception: the protocol names `localhost` and `127.0.0.x` only. */
  #isDevelopmentHost(host: string): boolean {
    if (this.#policy.development !== true) return false
    return host === LOCALHOST || (ipaddr.IPv4.isValid(host) && host.startsWith('127.0.0.'))
  }

  #isAllowedPort(url: URL): boolean {
    const { allowedPorts } = this.#policy
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    return allowedPorts?.includes(port) ?? true
  }

  #isAllowedHost(host: string): boolean {
    const { allowedHosts } = this.#policy
    if (allowedHosts === undefined) return true
    return allowedHosts.some((allowed) =>
      allowed.startsWith('*.')
        ? host.endsWith(allowed.slice(1).toLowerCase())
        : host === allowed.toLowerCase(),
    )
  }
}

/** The host without brackets and final dot. The URL parser has written numbers in odd bases as plain addresses. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

function isPublic(address: IPv4 | IPv6): boolean {
  if (address.range() !== 'unicast' || METADATA.includes(address.toString())) return false
  return address.kind() === 'ipv4' || isWithin(address, ...GLOBAL_UNICAST)
}

function isWithin(address: IPv4 | IPv6, network: IPv4 | IPv6, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
