import type { TaggedRange } from './etag.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatEtag, matchesEtag } from './etag.js'
import { idOf } from '../../test/requests.js'

const range: TaggedRange = { streamId: idOf('a'), from: 0, to: 10, closed: false }
const tag = formatEtag(range, null)

describe('an entity tag', () => {
  it('changes with each thing that it stands for', () => {
    const tags = [
      tag,
      formatEtag({ ...range, streamId: idOf('b') }, null),
      formatEtag({ ...range, from: 1 }, null),
      formatEtag({ ...range, to: 11 }, null),
      formatEtag({ ...range, from: 1, to: 0 }, null),
      formatEtag({ ...range, closed: true }, null),
      formatEtag(range, 'gzip'),
      formatEtag(range, 'br'),
      formatEtag({ ...range, closed: true }, 'gzip'),
    ]
    expect(new Set(tags).size).toBe(tags.length)
  })

  it('is a strong, quoted tag in the alphabet of RFC 9110', () => {
    for (const text of [tag, formatEtag({ ...range, closed: true }, 'gzip')]) {
      expect(text).toMatch(/^"[\x21\x23-\x7e]+"$/)
      expect(text).not.toContain(',')
    }
  })
})

describe('If-None-Match', () => {
  it.each([
    ['the tag itself', tag],
    ['the tag, weak', `W/${tag}`],
    ['a star', '*'],
    ['a star among spaces', ' * '],
    ['a list that ends with it', `"x", ${tag}`],
    ['a list that begins with it', `${tag},"x"`],
    ['a list with a weak one in the middle', `"x" ,\tW/${tag}\t, "y"`],
    ['a list with empty members', `, ,${tag},`],
  ])('matches: %s', (_what, header) => {
    expect(matchesEtag(header, tag)).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['another tag', '"x"'],
    ['a list of others', '"x", "y"'],
    ['the tag without quotes', tag.slice(1, -1)],
    ['a longer one', `"${tag.slice(1, -1)}0"`],
    ['a lower-case weakness mark', `w/${tag}`],
    ['its prefix', `${tag.slice(0, -2)}"`],
    ['the tag of another coding', formatEtag(range, 'gzip')],
    ['the tag of the closed stream', formatEtag({ ...range, closed: true }, null)],
    ['a quoted star', '"*"'],
  ])('does not match: %s', (_what, header) => {
    expect(matchesEtag(header, tag)).toBe(false)
  })

  it('matches exactly if a member of the list is the tag, strong or weak', () => {
    const member = fc.constantFrom(tag, `W/${tag}`, '"x"', 'W/"x"', '""', tag.toUpperCase())
    fc.assert(
      fc.property(fc.array(member), fc.constantFrom(',', ', ', ' ,'), (members, separator) => {
        const expected = members.some((text) => text === tag || text === `W/${tag}`)
        expect(matchesEtag(members.join(separator), tag)).toBe(expected)
      }),
    )
  })
})
