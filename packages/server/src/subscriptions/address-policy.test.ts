import type { WebhookPolicy } from './webhook-transport.js'
import { AddressPolicy } from './address-policy.js'
import { describe, expect, test } from 'vitest'

const refuses = (url: string, policy: WebhookPolicy = {}): boolean =>
  new AddressPolicy(policy).refuseUrl(url) !== null

const LOCAL = [
  'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/',
  'https://localhost/', 'https://LOCALHOST./', 'https://a.localhost/', 'https://[::1]/', 'https://[::]/', 'https://0.0.0.0/',
  'https://10.0.0.1/', 'https://172.16.0.1/', 'https://172.31.255.255/', 'https://192.168.1.1/', 'https://169.254.169.254/',
  'https://100.64.0.1/', 'https://100.100.100.200/', 'https://192.0.0.192/', 'https://168.63.129.16/', 'https://198.18.0.1/',
  'https://224.0.0.1/', 'https://240.0.0.1/', 'https://255.255.255.255/', 'https://192.0.2.1/',
  'https://[::ffff:127.0.0.1]/', 'https://[::ffff:a00:1]/', 'https://[::10.0.0.1]/', 'https://[64:ff9b::10.0.0.1]/',
  'https://[64:ff9b:1::1]/', 'https://[2002:a00:1::]/', 'https://[2001:0:4136:e378::1]/', 'https://[fe80::1]/',
  'https://[fc00::1]/', 'https://[fd00:ec2::254]/', 'https://[ff02::1]/', 'https://[fec0::1]/', 'https://[2001:db8::1]/',
  'https://[100::1]/', 'https://[4000::1]/', 'https://metadata/', 'https://metadata.google.internal/', 'https://printer.local/',
  'https://nas.lan/', 'https://router.home.arpa/', 'https://①②⑦.⓪.⓪.①/', 'https://169.254.169.254./',
] // prettier-ignore

describe('the addresses of webhooks', () => {
  test.each(LOCAL)('%s is refused', (url) => {
    expect(refuses(url)).toBe(true)
    expect(refuses(url.replace('/', '/').replace('https://', 'https://user@'))).toBe(true)
  })

  test.each([
    'http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'https://', 'example.com', '', 'javascript:1',
    'https://user:secret@example.com/', 'https://user@example.com/', `https://example.com/${'x'.repeat(3000)}`,
  ])('%s is refused', (url) => expect(refuses(url)).toBe(true)) // prettier-ignore

  test.each([
    'https://example.com/hook', 'https://example.com:8443/', 'https://8.8.8.8/', 'https://[2606:4700::1111]/',
    'https://sub.example.co.uk/?a=b', 'https://xn--bcher-kva.example/', 'https://172.32.0.1/', 'https://100.128.0.1/',
  ])('%s is taken', (url) => expect(refuses(url)).toBe(false)) // prettier-ignore

  test('in development localhost and 127.0.0.x are taken, by http as well, and nothing else', () => {
    const development = { development: true }
    for (const url of [
      'http://localhost:3000/',
      'http://127.0.0.1/',
      'http://127.0.0.9:1/',
      'https://localhost/',
    ])
      expect([url, refuses(url, development)]).toEqual([url, false])
    for (const url of [
      'http://example.com/',
      'http://127.1.0.1/',
      'http://[::1]/',
      ...LOCAL.filter((one) => !/localhost\/|LOCALHOST|127|0x7f|2130|0177|①/.test(one)),
    ])
      expect([url, refuses(url, development)]).toEqual([url, true])
  })

  test('lists of hosts and ports leave nothing else', () => {
    const policy = { allowedHosts: ['a.example', '*.b.example'], allowedPorts: [443, 8443] }
    for (const url of ['https://a.example/', 'https://x.b.example:8443/', 'https://A.EXAMPLE./'])
      expect([url, refuses(url, policy)]).toEqual([url, false])
    for (const url of [
      'https://b.example/',
      'https://xb.example/',
      'https://a.example:444/',
      'https://c.example/',
    ])
      expect([url, refuses(url, policy)]).toEqual([url, true])
  })

  test('a private network may be allowed by name, and no other with it', () => {
    const policy = { allowedNetworks: ['10.20.0.0/16', 'fd12::/16'] }
    for (const url of ['https://10.20.3.4/', 'https://[fd12::1]/']) expect(refuses(url, policy)).toBe(false)
    for (const url of ['https://10.21.3.4/', 'http://10.20.3.4/', 'https://[::ffff:10.20.3.4]/'])
      expect(refuses(url, policy)).toBe(true)
    expect(() => new AddressPolicy({ allowedNetworks: ['10.0.0.1'] })).toThrow(RangeError)
  })

  test('an address that a name has turned out to have is judged like one in the URL', () => {
    const policy = new AddressPolicy({ development: true })
    expect(policy.refuseAddress('93.184.216.34', 'example.com')).toBeNull()
    expect(policy.refuseAddress('127.0.0.1', 'example.com')).not.toBeNull()
    expect(policy.refuseAddress('::ffff:127.0.0.1', 'example.com')).not.toBeNull()
    expect(policy.refuseAddress('127.0.0.1', 'localhost')).toBeNull()
    expect(policy.refuseAddress('::1', 'localhost')).toBeNull()
    expect(policy.refuseAddress('10.0.0.1', 'localhost')).not.toBeNull()
    expect(policy.refuseAddress('nonsense', 'example.com')).not.toBeNull()
  })
})
